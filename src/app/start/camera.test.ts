// The camera is off again whatever happens, and every way in which it fails is said in words of its own.
import { afterEach, describe, expect, test, vi } from "vitest";
import { cameraError, withCameraFrame } from "./camera";

afterEach(() => void vi.unstubAllGlobals());

/** A browser whose camera gives frames at once. */
function stubCamera(play: () => Promise<void> = async () => undefined) {
  const track = { stop: vi.fn<() => void>() };
  const asked: unknown[] = [];
  const getUserMedia = async (wish: unknown) => {
    asked.push(wish);
    return { getTracks: () => [track] };
  };
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  let frames = 0;
  const video = { play, requestVideoFrameCallback: (listen: () => void) => (frames++, queueMicrotask(listen)) };
  vi.stubGlobal("document", { createElement: () => video });
  return { track, asked, video, frames: () => frames };
}

test("a frame is read once the exposure has settled, and then the camera is off", async () => {
  const { track, asked, frames } = stubCamera();
  const read = vi.fn<() => Promise<string>>(async () => {
    expect(frames()).toBeGreaterThan(1);
    expect(track.stop, "it is still on").not.toHaveBeenCalled();
    return "a picture";
  });
  expect(await withCameraFrame(read)).toBe("a picture");
  expect(read).toHaveBeenCalledTimes(1);
  expect(track.stop).toHaveBeenCalledTimes(1);
  expect(asked).toEqual([{ video: true, audio: false }]);
});

const FAILURES: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
  ["playing fails", () => Promise.reject(new DOMException("", "NotReadableError")), async () => undefined],
  ["reading fails", async () => undefined, () => Promise.reject(new TypeError("no canvas"))],
];

test.each(FAILURES)("it is off where %s", async (_, play, read) => {
  const { track } = stubCamera(play);
  await expect(withCameraFrame<void>(read)).rejects.toMatchObject({ code: "invalid-input", detail: { field: "camera" } });
  expect(track.stop).toHaveBeenCalledTimes(1);
});

describe("each failure", () => {
  const NAMES = ["NotAllowedError", "NotFoundError", "NotReadableError", "something else"];

  test("has a message and a remedy of its own", () => {
    const said = NAMES.map((name) => cameraError(new DOMException("", name)));
    expect(new Set(said.map(({ message }) => message)).size).toBe(NAMES.length);
    for (const { message, remedy } of said) for (const text of [message, remedy]) expect(text).toMatch(/^[A-Z].*\.$/);
  });

  test("that means the same is said the same", () => {
    const said = (name: string) => cameraError(new DOMException("", name)).message;
    expect(said("OverconstrainedError")).toBe(said("NotFoundError"));
    expect(said("AbortError")).toBe(said("NotReadableError"));
    expect(said("SecurityError")).toBe(said("NotAllowedError"));
  });
});
