// Opens a model whose files may still be arriving. What is loaded of them early is not proved yet, so nobody draws with the model before
// all of it is, and one that was made of other bytes than the proved ones is given up.
import { OnestrokeError, type ErrorCode } from "../common/errors";
import type { OpenModel } from "../vault/vault";

/** What may be said of bytes that are not the published ones. */
const IS_ABOUT_THE_BYTES: ReadonlySet<ErrorCode> = new Set(["model-corrupt", "model-unsupported"]);

/**
 * @returns undefined where the files turned out to hold other bytes than were read on their way; from now on all of them are here
 * @throws what `open` and `files.arrived` throw; then the model is disposed of
 */
export async function openProved<Model extends { dispose(): Promise<void> }>(
  files: Pick<OpenModel, "arrived">,
  open: () => Promise<Model>,
): Promise<Model | undefined> {
  let model: Model;
  try {
    model = await open();
  } catch (thrown) {
    if (!(thrown instanceof OnestrokeError && IS_ABOUT_THE_BYTES.has(thrown.code))) throw thrown;
    if (await files.arrived()) throw thrown;
    return undefined;
  }
  try {
    // Files that this engine does not read may still be on their way, too.
    if (await files.arrived()) return model;
  } catch (thrown) {
    await model.dispose();
    throw thrown;
  }
  await model.dispose();
  return undefined;
}
