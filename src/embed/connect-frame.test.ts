// The page's side of a frame: who is listened to, and what a signal ends. A frame that draws is looked at end to end (e2e/library.spec.ts).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectFrame } from "./connect-frame";
import type { FrameCall } from "./messages";

const ORIGIN = "https://frame.example";
const RECIPE = {
  model: "vignette",
  prompt: "a pier",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "2",
  width: 64,
  height: 64,
} as const;
let page: EventTarget;

beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", { baseURI: "https://page.example/" });
});
afterEach(() => vi.unstubAllGlobals());

/** A frame, and what it does with the channel that it is given. */
function frameThat(serve: (port: MessagePort) => void) {
  const contentWindow = { postMessage: vi.fn((_message: unknown, _origin: string, [port]: MessagePort[]) => port && serve(port)) };
  const frame = Object.assign(Object.create(null), { src: `${ORIGIN}/embed.html`, contentWindow }) as HTMLIFrameElement;
  const greet = (origin = ORIGIN): void => {
    const event = Object.assign(new Event("message"), { source: contentWindow, origin, data: { type: "onestroke-greeting", nonce: "n" } });
    page.dispatchEvent(event);
  };
  return { frame, greet, contentWindow };
}

test("a greeting from another origin is not answered", async () => {
  const stop = new AbortController();
  const { frame, greet, contentWindow } = frameThat(() => undefined);
  const connected = connectFrame(frame, { signal: stop.signal });
  greet("https://other.example");
  expect(contentWindow.postMessage).not.toHaveBeenCalled();
  stop.abort();
  await expect(connected).rejects.toMatchObject({ code: "cancelled" });
  greet();
  expect(contentWindow.postMessage).not.toHaveBeenCalled();
});

test("a signal that has aborted before ends waiting and drawing at once", async () => {
  const calls: FrameCall[] = [];
  const { frame, greet } = frameThat((port) => {
    port.addEventListener("message", ({ data }) => calls.push(data));
    port.start();
  });
  await expect(connectFrame(frame, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  const connected = connectFrame(frame);
  greet();
  const generator = await connected;
  await expect(generator.generate(RECIPE, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  const pending = generator.generate(RECIPE);
  await vi.waitFor(() => expect(calls).toEqual([{ type: "draw", id: 1, recipe: RECIPE }]));
  generator.dispose();
  await expect(pending).rejects.toMatchObject({ code: "cancelled" });
});

test("an abort is told to the frame while it draws, and not afterwards", async () => {
  const calls: FrameCall[] = [];
  const { frame, greet } = frameThat((port) => {
    port.addEventListener("message", ({ data }: MessageEvent<FrameCall>) => {
      calls.push(data);
      if (data.id === 1) port.postMessage({ type: "drawn", id: 1, recipe: RECIPE, file: new Blob() });
    });
    port.start();
  });
  const connected = connectFrame(frame);
  greet();
  const generator = await connected;
  const [over, still] = [new AbortController(), new AbortController()];
  await generator.generate(RECIPE, { signal: over.signal });
  const pending = generator.generate(RECIPE, { signal: still.signal });
  over.abort();
  still.abort();
  await vi.waitFor(() => expect(calls.map(({ type, id }) => `${type} ${id}`)).toEqual(["draw 1", "draw 2", "cancel 2"]));
  generator.dispose();
  await expect(pending).rejects.toMatchObject({ code: "cancelled" });
});

test("a frame whose address is none is refused by name", async () => {
  const { frame } = frameThat(() => undefined);
  frame.src = "https://";
  await expect(connectFrame(frame)).rejects.toMatchObject({ code: "invalid-input", detail: { field: "src" } });
});
