# The model server's environment, from nixpkgs' Python set (why: overlay.nix).
{
  lib,
  autoAddDriverRunpath,
  config,
  cmake,
  cudaPackages,
  cudaSupport ? config.cudaSupport or false,
  lock,
  ninja,
  python,
  source,
}:
let
  inherit (lib) optionals;

  overrides = final: prev: {
    # Its low-level API changes from release to release, and hearth.inference.engine.llama speaks to it.
    llama-cpp-python = final.buildPythonPackage {
      pname = "llama-cpp-python";
      version = lock.version "llama-cpp-python";
      src = lock.source "llama-cpp-python";
      pyproject = true;
      build-system = [ final.scikit-build-core ];
      nativeBuildInputs = [
        cmake
        ninja
      ]
      ++ optionals cudaSupport [
        # The driver's libraries lie where NixOS puts them, not in the store.
        autoAddDriverRunpath
        cudaPackages.cuda_nvcc
      ];
      buildInputs = optionals cudaSupport [
        # Called cuda_cccl before CUDA 13.3.
        (cudaPackages.cccl or cudaPackages.cuda_cccl)
        cudaPackages.cuda_cudart
        cudaPackages.libcublas
      ];
      dependencies = [
        final.diskcache
        final.jinja2
        final.numpy
        final.typing-extensions
      ];
      # scikit-build-core calls CMake itself.
      dontUseCmakeConfigure = true;
      # Built once for every box: x86-64-v3 is any PC since about 2015. `NATIVE` would build for the
      # machine that happens to build.
      env.SKBUILD_CMAKE_ARGS = lib.concatStringsSep ";" (
        [
          "-DGGML_NATIVE=OFF"
          "-DGGML_AVX=ON"
          "-DGGML_AVX2=ON"
          "-DGGML_BMI2=ON"
          "-DGGML_F16C=ON"
          "-DGGML_FMA=ON"
          "-DLLAMA_BUILD_EXAMPLES=OFF"
          "-DLLAMA_BUILD_TESTS=OFF"
        ]
        ++ optionals cudaSupport [ "-DGGML_CUDA=ON" ]
      );
      pythonImportsCheck = optionals (!cudaSupport) [ "llama_cpp" ];
      doCheck = false;
    };

    # A pod writes an index with its own copy, and whoever reads it must know the format.
    hnswlib = prev.hnswlib.overridePythonAttrs {
      version = lock.version "hnswlib";
      src = lock.source "hnswlib";
      env.HNSWLIB_NO_NATIVE = "1";
      # Its tests are not in its source distribution.
      doCheck = false;
    };

    sentence-transformers = prev.sentence-transformers.overridePythonAttrs {
      version = lock.version "sentence-transformers";
      src = lock.source "sentence-transformers";
      # Its tests fetch models.
      doCheck = false;
    };

    hearth = final.buildPythonPackage {
      pname = "hearth";
      version = (lib.importTOML ../app/pyproject.toml).tool.poetry.version;
      src = source;
      pyproject = true;
      build-system = [ final.poetry-core ];
      # Only what the model server imports; what the hub and the pods need is in the light one.
      dependencies = with final; [
        fastapi
        hnswlib
        httpx
        httpx-sse
        jinja2
        llama-cpp-python
        numpy
        prometheus-client
        pydantic
        sentence-transformers
        sqlalchemy
        sse-starlette
        starlette
        systemd-python
        torch
        tzdata
        uvicorn
      ];
      dontCheckRuntimeDeps = true;
      pythonImportsCheck = optionals (!cudaSupport) [
        "hearth.services.inference"
        "hearth.services.instructions"
        "hearth.services.model"
      ];
      doCheck = false;
    };
  };

  modelPython = python.override {
    self = modelPython;
    packageOverrides = overrides;
  };
in
modelPython.withPackages (packages: [ packages.hearth ])
