// What the page says of work that goes on, and how much of it is done. The rest of its sentences are in strings.ts.
import type { Progress } from "../common/progress";
import { formatBytes } from "./strings";

const ofBytes = ({ loadedBytes, totalBytes }: Extract<Progress, { stage: "load" }>): string =>
  `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`;

/** What is going on now, in one line. */
export function describeProgress(progress: Progress | undefined): string {
  switch (progress?.stage) {
    case undefined:
      return "Starting";
    case "load":
      if (progress.component === "onnxruntime") return `Loading ONNX Runtime, ${ofBytes(progress)}`;
      return progress.component === "files" ? `Loading the model, ${ofBytes(progress)}` : "Preparing the model";
    case "compile":
      return "Preparing the model";
    case "encode":
      return "Reading the prompt";
    case "step":
      return progress.steps === 1 ? "Drawing" : `Drawing, step ${progress.step} of ${progress.steps}`;
    case "decode":
      return "Finishing the picture";
  }
}

/** The same without numbers, for people who have it read to them. It changes once a stage. */
export function announceProgress(progress: Progress | undefined): string {
  switch (progress?.stage) {
    case undefined:
      return "Starting";
    case "load":
    case "compile":
      return "Loading the model";
    case "encode":
    case "step":
    case "decode":
      return "Drawing";
  }
}

/** The share of a picture that is done, from 0 to 1. Undefined where it is not known. */
export function progressShare(progress: Progress | undefined): number | undefined {
  switch (progress?.stage) {
    case "step":
      return (progress.step - 1) / progress.steps;
    case "decode":
      return 1;
    case "encode":
      return 0;
    // They come before a picture, and as often as it has parts.
    case "load":
    case "compile":
    case undefined:
      return undefined;
  }
}
