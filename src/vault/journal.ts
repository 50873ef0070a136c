// The journal: what the vault has promised to know after any crash. A row of it is written before the bytes that it speaks of, and a chunk
// is entered only once it is on the disk. So at every moment a file is either complete, or partial with chunks that are proved.
import { OnestrokeError } from "../common/errors";
import { JOURNAL_VERSION, type FileRow, type ModelRow } from "./journal-rows";
import { parseFileRow, parseModelRow } from "./parse-rows";
import type { Rows } from "./rows";

/** All rows at one moment. */
export interface JournalContents {
  readonly models: ReadonlyMap<string, ModelRow>;
  readonly files: ReadonlyMap<string, FileRow>;
  /** Keys of damaged rows. */
  readonly damaged: readonly string[];
  /** Whether a newer version of the app has rows here, so that nobody can tell what is needed. */
  readonly hasNewer: boolean;
  /** Whether this is the journal that was begun with the files beside it. If not, rows were lost, and files are not to be judged by it. */
  readonly isWhole: boolean;
}

const MODEL = "model:";
const FILE = "file:";
const BEGUN = "begun";

export class Journal {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** @throws OnestrokeError `model-unsupported` where a newer version of the app wrote it. A damaged row counts as absent. */
  async model(model: string): Promise<ModelRow | undefined> {
    return parsed(await this.#rows.get(MODEL + model), parseModelRow, model);
  }

  putModel(model: string, row: ModelRow): Promise<void> {
    return this.#rows.put(MODEL + model, { version: JOURNAL_VERSION, ...row });
  }

  deleteModel(model: string): Promise<void> {
    return this.#rows.delete(MODEL + model);
  }

  /** @throws OnestrokeError `model-unsupported` where a newer version of the app wrote it. A damaged row counts as absent. */
  async file(id: string): Promise<FileRow | undefined> {
    return parsed(await this.#rows.get(FILE + id), parseFileRow, id);
  }

  putFile(id: string, row: FileRow): Promise<void> {
    return this.#rows.put(FILE + id, { version: JOURNAL_VERSION, ...row });
  }

  deleteFile(id: string): Promise<void> {
    return this.#rows.delete(FILE + id);
  }

  /** Says that from now on the journal names every file worth keeping. */
  begin(): Promise<void> {
    return this.#rows.put(BEGUN, { version: JOURNAL_VERSION });
  }

  /** Deletes damaged rows, and says that the journal does not name every file any more. */
  async drop(damaged: readonly string[]): Promise<void> {
    await this.#rows.delete(BEGUN);
    for (const key of damaged) await this.#rows.delete(key);
  }

  async contents(): Promise<JournalContents> {
    const models = new Map<string, ModelRow>();
    const files = new Map<string, FileRow>();
    const damaged: string[] = [];
    let hasNewer = false;
    let isWhole = false;
    for (const [key, value] of await this.#rows.entries()) {
      if (key === BEGUN) isWhole = true;
      else if (key.startsWith(MODEL)) keep(models, key.slice(MODEL.length), parseModelRow(value), key);
      else if (key.startsWith(FILE)) keep(files, key.slice(FILE.length), parseFileRow(value), key);
    }
    return { models, files, damaged, hasNewer, isWhole };

    function keep<Row>(into: Map<string, Row>, name: string, row: Row | undefined | "newer", key: string): void {
      if (row === undefined) damaged.push(key);
      else if (row === "newer") hasNewer = true;
      else into.set(name, row);
    }
  }
}

function parsed<Row>(value: unknown, parse: (value: unknown) => Row | undefined | "newer", name: string): Row | undefined {
  if (value === undefined) return undefined;
  const row = parse(value);
  if (row === "newer") {
    throw new OnestrokeError("model-unsupported", `${name} was kept by a newer version of this page`, {
      remedy: "Reload the page, so that it is the newer version too.",
    });
  }
  return row;
}
