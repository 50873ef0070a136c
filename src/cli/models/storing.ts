// What a file system refused, as an error that says what to do about it.
import { OnestrokeError } from "../../common/errors";

const REMEDY = "Check that the folder may be written to, or name another one with HF_HUB_CACHE.";

/** @throws OnestrokeError `storage-full` naming the path */
export async function storing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    const problem = isFull ? "there is no room on the disk" : `the file cannot be written (${code})`;
    throw new OnestrokeError("storage-full", `${path}: ${problem}`, isFull ? { file: path } : { file: path, remedy: REMEDY }, thrown);
  }
}
