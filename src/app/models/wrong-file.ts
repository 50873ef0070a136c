// Failures that are a file's own: it is damaged, is not whole, or holds something that is not read. What drew before it still draws.
import type { ErrorCode, OnestrokeError } from "../../common/errors";

const CODES: readonly ErrorCode[] = ["model-corrupt", "model-missing", "model-unsupported"];

export function isWrongFile(error: OnestrokeError | undefined): boolean {
  return error !== undefined && CODES.includes(error.code);
}
