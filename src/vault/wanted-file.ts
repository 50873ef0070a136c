// The files of a plan as the vault keeps them: under a name of their content where somebody published a hash, so that two models which
// share a file have one row and one copy.
import { fileName, type DownloadPlan, type PlannedFile, type PlannedRepository } from "../common/download";
import { sha256 } from "./digest";

export interface WantedFile {
  /** Key of its row. */
  readonly id: string;
  /** For progress and messages. */
  readonly name: string;
  readonly planned: PlannedFile;
  readonly repository: PlannedRepository;
}

export async function wantedFiles(plan: DownloadPlan): Promise<readonly WantedFile[]> {
  const files = plan.repositories.flatMap((repository) => repository.files.map((planned) => ({ repository, planned })));
  return Promise.all(
    files.map(async ({ repository, planned }) => ({
      id: await fileId(repository, planned),
      name: fileName(repository, planned.path),
      planned,
      repository,
    })),
  );
}

async function fileId({ repository, revision, commit }: PlannedRepository, { path, hash }: PlannedFile): Promise<string> {
  if (hash !== undefined) return `${hash.algorithm}-${hash.hex}`;
  // Nothing is known of its content: it is the same file only if it has the same place at the same commit.
  const place = JSON.stringify([repository, commit === "" ? revision : commit, path]);
  return `place-${await sha256(new TextEncoder().encode(place))}`;
}

/** Where a file is while it is not complete. Once it is, its name is its SHA-256 alone. */
export function partName(id: string): string {
  return `${id}.part`;
}
