// Plans of small random files, with their server and their right bytes.
import { createHash } from "node:crypto";
import type { DownloadPlan, PlannedFile, PublishedHash } from "../../common/download";

export const ADDRESS = "https://hub.test/owner/name/resolve/main/";

export type HashKind = PublishedHash["algorithm"] | "none";

export interface Sample {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kind: HashKind;
}

/** Bytes that no other seed gives. */
export function sampleBytes(byteLength: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i * 31 + seed * 101 + Math.floor(i / 7) * (seed + 3)) % 256);
}

export function plannedFile({ path, bytes, kind }: Sample): PlannedFile {
  const file = { path, byteLength: bytes.byteLength };
  if (kind === "none") return file;
  const hex =
    kind === "sha256"
      ? createHash("sha256").update(bytes).digest("hex")
      : createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
  return { ...file, hash: { algorithm: kind, hex } };
}

export function planOf(samples: readonly Sample[], model = "owner/name", addresses: readonly string[] = [ADDRESS]): DownloadPlan {
  const files = samples.map(plannedFile);
  return {
    model,
    title: model,
    license: { id: "MIT" },
    repositories: [{ repository: "owner/name", revision: "main", commit: "c0ffee", addresses, files }],
  };
}

/** What a server at `address` has. */
export function filesAt(samples: readonly Sample[], address = ADDRESS): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  return new Map(samples.map(({ path, bytes }) => [address + path, bytes]));
}
