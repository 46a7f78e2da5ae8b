// What htmx cannot: the composer's keys and size, the end of the talk kept in view, the source's
// panel opened, and a word where a request never reached the house.
"use strict";

const scroll = document.getElementById("scroll");
const composer = document.getElementById("composer");
const question = document.getElementById("question");
const wide = window.matchMedia("(min-width: 64rem)");
let following = true; // the member looks at the end of the talk

function toEnd() {
  if (scroll && following) scroll.scrollTop = scroll.scrollHeight;
}

function grow() {
  question.style.height = "auto"; // set by script, so the policy on styles does not speak
  question.style.height = `${question.scrollHeight}px`;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function notice(text) {
  const box = document.getElementById("notice");
  const template = document.getElementById("unreachable").content.cloneNode(true);
  if (text) template.querySelector("p").textContent = text;
  box.replaceChildren(template);
}

if (scroll) {
  scroll.addEventListener("scroll", () => {
    following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  });
  new ResizeObserver(toEnd).observe(document.getElementById("log"));
  toEnd();
}

if (composer) {
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (question.value.trim() && !composer.querySelector("button").disabled) composer.requestSubmit();
  });
  question.addEventListener("input", () => {
    grow();
    // After a failed send other words are another message; the same words stay the same one.
    if (composer.dataset.failed) document.getElementById("message-id").value = newId();
    delete composer.dataset.failed;
  });
  if (!wide.matches) document.querySelector(".past")?.removeAttribute("open");
}

document.body.addEventListener("htmx:beforeRequest", () => {
  document.getElementById("notice")?.replaceChildren();
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (elt !== composer && !elt.closest?.("#welcome")) return;
  if (!successful) {
    composer.dataset.failed = "yes";
    return;
  }
  following = true;
  if (elt === composer) composer.reset();
  grow();
  question.focus();
  toEnd();
});

document.body.addEventListener("htmx:sendError", () => notice());
document.body.addEventListener("htmx:timeout", () => notice());

// An error from before the pages (a body that is too long) is a problem document, not HTML.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!xhr.getResponseHeader("content-type")?.startsWith("application/problem+json")) return;
  const problem = JSON.parse(xhr.responseText);
  event.detail.shouldSwap = false;
  notice(`${problem.detail}. ${problem.remedy ?? ""}`);
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const panel = event.detail.target;
  if (panel?.id !== "source") return;
  if (panel.open) panel.close();
  if (wide.matches) panel.show();
  else panel.showModal();
  panel.querySelector(".cited")?.scrollIntoView({ block: "center" });
});

document.addEventListener("keydown", (event) => {
  const panel = document.getElementById("source");
  if (event.key === "Escape" && panel?.open) panel.close();
});

for (const [happening, cut] of [["htmx:sseError", true], ["htmx:sseOpen", false]]) {
  document.body.addEventListener(happening, (event) => {
    event.target.classList.toggle("reconnecting", cut);
  });
}
