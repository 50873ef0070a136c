// What an element shows: the picture, a poster before there is one, and a note below them. It is built by hand, node by node, so that
// it works under the strictest policy: no markup from text, no inline styles.
import type { OnestrokeError } from "../common/errors";
import type { Picture } from "../common/picture";
import type { Need } from "./need";
import { SHEET } from "./sheet";
import { strings } from "./strings";

export type Shown =
  /** Nothing to do yet, or the picture is there. */
  | { readonly phase: "idle" }
  /** The model is large, and waits for a person's word. */
  | { readonly phase: "offered"; readonly need: Need }
  /** @param share from 0 to 1 of the bytes that have to come; undefined where it is not known */
  | { readonly phase: "loading"; readonly share: number | undefined }
  | { readonly phase: "drawing" }
  | { readonly phase: "failed"; readonly error: OnestrokeError };

export interface View {
  /** @param label what the picture shows, for those who do not see it */
  describe(label: string): void;
  show(shown: Shown): void;
  /** Keeps room for a picture of this shape before it is there. */
  shape(size: { readonly width: number; readonly height: number }): void;
  paint(picture: Picture): void;
}

/** @param onAct the button was pressed: get the model that was offered, or try again what failed */
export function createView(root: ShadowRoot, onAct: () => void): View {
  const shape = new CSSStyleSheet();
  root.adoptedStyleSheets = [SHEET, shape];
  const poster = document.createElement("slot");
  poster.name = "poster";
  const canvas = part("canvas", "picture");
  canvas.hidden = true;
  canvas.role = "img";
  const text = part("span", "text");
  const bar = part("progress", "progress");
  const button = part("button", "button");
  button.type = "button";
  button.addEventListener("click", onAct);
  const note = part("div", "note");
  note.setAttribute("role", "status");
  note.append(text, bar, button);
  root.append(poster, canvas, note);

  return {
    describe(label) {
      canvas.ariaLabel = label;
    },
    show(shown) {
      note.hidden = shown.phase === "idle";
      text.textContent = textOf(shown);
      bar.hidden = shown.phase !== "loading";
      if (shown.phase === "loading" && shown.share !== undefined) bar.value = shown.share;
      else bar.removeAttribute("value");
      const label = shown.phase === "offered" ? strings.get : shown.phase === "failed" ? strings.again : undefined;
      button.hidden = label === undefined;
      button.textContent = label ?? "";
    },
    shape: ({ width, height }) => shape.replaceSync(`:host { aspect-ratio: ${width} / ${height}; }`),
    paint({ width, height, data }) {
      Object.assign(canvas, { width, height });
      canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
      canvas.hidden = false;
      poster.hidden = true;
    },
  };
}

function part<Name extends keyof HTMLElementTagNameMap>(name: Name, called: string): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.part.add(called);
  return element;
}

function textOf(shown: Shown): string {
  switch (shown.phase) {
    case "idle":
      return "";
    case "offered":
      return strings.offer(shown.need);
    case "loading":
      return strings.loading;
    case "drawing":
      return strings.drawing;
    case "failed":
      return strings.failed(shown.error);
  }
}
