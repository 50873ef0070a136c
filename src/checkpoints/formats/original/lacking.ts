// The error for a part that a checkpoint in one file does not hold, and that was not found elsewhere.
import type { ComponentName } from "../../../catalogue/components";
import type { RepositoryAt } from "../../../catalogue/entry";
import { OnestrokeError } from "../../../common/errors";

/** @param cause why it was not found; a cancellation stays one */
export function lacking(where: string, name: ComponentName, { repository }: RepositoryAt, cause: unknown): OnestrokeError {
  if (cause instanceof OnestrokeError && cause.code === "cancelled") return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy =
    name === "tokenizer"
      ? "Put CLIP's tokenizer.json, or vocab.json and merges.txt, beside the file, or name a folder that has them with --tokenizer DIR. " +
        `They are in the folder "tokenizer" of ${repository} on the hub.`
      : `Use a file with all parts of the model in it, or connect to the network: the part would come from ${repository}.`;
  return new OnestrokeError(
    "model-missing",
    `${where} holds no ${name}, and there is none to take its place: ${reason}`,
    { file: where, component: name, remedy },
    cause,
  );
}
