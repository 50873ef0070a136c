// One frame of the camera. The browser asks the person; the camera is on for as long as its exposure takes to settle, and off again whatever
// happens.
import { OnestrokeError } from "../../common/errors";
import { exploring } from "../strings-exploring";

const says = exploring.start.camera;

/** The first frames of a camera are dark. */
const FRAMES_TO_SETTLE = 8;
/** Ends the waiting for a camera that is on and gives nothing. */
const MOST_MS = 10_000;

/** Pages over plain http are given no camera. */
export const hasCameras = (): boolean => "mediaDevices" in navigator;

/**
 * @param read takes the picture while the frame is there
 * @throws OnestrokeError `invalid-input`, whose message says why there is no picture, and whose remedy what to do
 */
export async function withCameraFrame<T>(read: (frame: HTMLVideoElement) => Promise<T>): Promise<T> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: false }).catch((thrown: unknown) => {
    throw cameraError(thrown);
  });
  try {
    const video = document.createElement("video");
    Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
    await settled(video);
    return await read(video);
  } catch (thrown) {
    throw cameraError(thrown);
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function settled(video: HTMLVideoElement): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>(
    (_, reject) => (timer = setTimeout(() => reject(new DOMException("no frame", "AbortError")), MOST_MS)),
  );
  const frames = async (): Promise<void> => {
    await video.play();
    for (let count = 0; count < FRAMES_TO_SETTLE; count++) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  };
  try {
    await Promise.race([frames(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Media Capture and Streams, 10.3.1: the names that `getUserMedia` fails with. */
export function cameraError(thrown: unknown): OnestrokeError {
  const { message, remedy } = reasonOf(thrown instanceof DOMException ? thrown.name : "");
  return new OnestrokeError("invalid-input", message, { field: "camera", remedy }, thrown);
}

function reasonOf(name: string): { readonly message: string; readonly remedy: string } {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return says.refused;
    case "NotFoundError":
    case "OverconstrainedError":
      return says.none;
    case "NotReadableError":
    case "AbortError":
      return says.busy;
    default:
      return says.failed;
  }
}
