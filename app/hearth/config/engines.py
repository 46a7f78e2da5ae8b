"""The tables of the model servers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import ByteSize, Field, WithJsonSchema, model_validator

from hearth.config.section import Name, Section

ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Gpu = Annotated[int, Field(ge=0, le=63)]


class ModelSettings(Section):
    """How a model of the manifest is loaded."""

    context: int = Field(
        16_384, ge=2_048, le=1_048_576, description="Tokens that all running requests share."
    )
    parallel: int = Field(8, ge=1, le=64, description="Requests that run at the same time.")
    gpus: tuple[Gpu, ...] = Field(
        (),
        max_length=16,
        description="Numbers of the GPUs that it may use, as nvidia-smi shows them; those of the "
        "engine's process when not set.",
    )
    gpu_layers: int | None = Field(
        None,
        ge=0,
        le=10_000,
        description="Layers that the GPUs hold; all that llama.cpp can place there when not set, "
        "none with 0.",
    )
    tensor_split: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (), max_length=16, description="Each GPU's share, one number a GPU."
    )


class FurtherModelSettings(ModelSettings):
    """A model that an engine serves besides its own."""

    context: int = Field(
        4_096, ge=2_048, le=1_048_576, description="Tokens that all running requests share."
    )
    stays: bool = Field(
        False,
        description="Loaded from the start and never let go; else when it is asked for, until it "
        "is idle.",
    )


class EngineSettings(ModelSettings):
    """A model server: the models it serves and what it may use. What says how a model is loaded
    is about the chat model."""

    chat_model: ModelName = Field(
        "qwen2.5-coder-1.5b-instruct", description="Manifest name of the model that answers."
    )
    embedding_model: ModelName = Field(
        "all-minilm-l6-v2", description="Manifest name of the model that embeds texts."
    )
    routing_model: ModelName | None = Field(
        None,
        description="Manifest name of a small model that chooses the tools; `chat_model` when not "
        "set.",
    )
    rerank_model: ModelName | None = Field(
        None, description="Manifest name of a model that sorts passages; none when not set."
    )
    models: dict[ModelName, FurtherModelSettings] = Field(
        default_factory=dict,
        description="Further models of the manifest that may be asked for, by name; also how the "
        "routing model is loaded.",
    )
    adapters: dict[Name, Path] = Field(
        default_factory=dict,
        description="LoRA adapters of the chat model (GGUF), by a name that a pod can choose.",
    )
    queue: int = Field(
        64, ge=1, le=10_000, description="Requests that may wait; one more gets 429."
    )
    threads: int | None = Field(
        None, ge=1, le=1_024, description="CPU threads; all cores when not set."
    )
    memory: Annotated[ByteSize, WithJsonSchema({"type": "string"})] | None = Field(
        None,
        description='Memory that all models together may take, such as "12GB"; what the machine '
        "has when not set.",
    )
    share_instructions: bool = Field(
        True,
        description="Whether the pods' standing instructions (title, persona, tools; nothing of "
        "members) are computed once for all of them and kept on disk.",
    )
    url: str | None = Field(
        None,
        pattern=r"^(https?|unix)://.+",
        description="Another OpenAI-compatible endpoint in place of hearth-inference. One beyond "
        "this machine reads what its pods are asked and what they find: that leaves the house.",
    )
    external_model: str | None = Field(
        None, description="The chat model's name at `url`, where it differs from `chat_model`."
    )
    fallback: Name | None = Field(
        None,
        description="Which other `[engines.NAME]` answers while this one is away or has no room; "
        "embeddings only where both have the same `embedding_model`.",
    )

    @model_validator(mode="after")
    def _split_fits(self) -> EngineSettings:
        if self.gpus and self.tensor_split and len(self.gpus) != len(self.tensor_split):
            raise ValueError("tensor_split needs one number for each of `gpus`")
        return self

    @property
    def further(self) -> dict[str, FurtherModelSettings]:
        """The further chat models, the routing model among them."""
        names = [self.routing_model] if self.routing_model not in (None, self.chat_model) else []
        return {name: FurtherModelSettings(stays=True) for name in names if name} | self.models
