// The frame's side: draws what the page around it asks for.
import { OnestrokeError } from "../common/errors";
import { uniqueName } from "../common/unique-name";
import type { OnestrokeImage } from "../element/onestroke-image";
import { callOf, idOf, replyOf, type FrameAnswer, type Greeting } from "./messages";

/**
 * Greets the page around this frame, and serves it once it has answered.
 * @param origin the only one that is talked to
 */
export function serveFrame(image: OnestrokeImage, origin: string, { parent, self } = { parent: window.parent, self: window }): void {
  const nonce = uniqueName();
  const onMessage = (event: MessageEvent): void => {
    const [port] = event.ports;
    if (event.source !== parent || event.origin !== origin || replyOf(event.data)?.nonce !== nonce || port === undefined) return;
    self.removeEventListener("message", onMessage);
    serve(image, port);
  };
  self.addEventListener("message", onMessage);
  parent.postMessage({ type: "onestroke-greeting", nonce } satisfies Greeting, origin);
}

function serve(image: OnestrokeImage, port: MessagePort): void {
  const post = (answer: FrameAnswer): void => port.postMessage(answer);
  let drawing: number | undefined;
  image.addEventListener("progress", (event) => {
    if (drawing !== undefined && event instanceof CustomEvent) post({ type: "progress", id: drawing, progress: event.detail });
  });

  async function answer(data: unknown): Promise<void> {
    const call = callOf(data);
    if (call?.type === "cancel" && call.id === drawing) image.cancel();
    if (call?.type !== "draw") return;
    drawing = call.id;
    const { recipe } = await image.draw(call.recipe);
    post({ type: "drawn", id: call.id, recipe, file: await image.toFile() });
  }

  port.addEventListener("message", ({ data }) => {
    answer(data).catch((thrown: unknown) => {
      const id = idOf(data);
      if (id !== undefined) post({ type: "failed", id, error: OnestrokeError.from(thrown, "worker-died").toWire() });
    });
  });
  port.start();
}
