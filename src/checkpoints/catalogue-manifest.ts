// A catalogue entry becomes a manifest: the base folder's components, some of them replaced by files
// from other repositories. The caller chooses what turns a repository into bytes (hub, vault, the app's
// own folder).
import { OnestrokeError } from "../common/errors";
import { STEERED_FAMILIES } from "../common/steering-defaults";
import type { ByteStore } from "./byte-source";
import type { CatalogueEntry, ComponentEntry, RepositoryAt } from "../catalogue/entry";
import { diffusersComponent, diffusersManifest } from "./diffusers-manifest";
import { COMPONENT_NAMES, type ComponentName, type ManifestFile } from "../catalogue/components";
import type { Component, Manifest } from "./manifest";
import { readJson } from "./read-file";

export type OpenRepository = (at: RepositoryAt) => ByteStore;

/**
 * @throws OnestrokeError `model-unsupported` when the weights are published in a format that is not read;
 * `model-missing`, `model-corrupt`, `download-failed` where the files are missing or bad, or cannot be read
 */
export async function catalogueManifest(entry: CatalogueEntry, open: OpenRepository, signal?: AbortSignal): Promise<Manifest> {
  refuseUnread(entry);
  const { title, steps, license, sampler, weightFormat } = entry;
  const family = STEERED_FAMILIES.find((candidate) => candidate === entry.family);
  const base = entry.base === undefined ? undefined : open(entry.base);
  const replaced = new Set(COMPONENT_NAMES.filter((name) => entry.components[name] !== undefined));
  const manifest: Manifest =
    base === undefined ? { name: entry.id, pipeline: "class-to-image", components: {} } : await diffusersManifest(base, signal, replaced);
  // What is drawn with in float16 has no other numbers in its files, beside blocks.
  const shipped = { ...(weightFormat && { weightFormat }), ...(weightFormat === "f16" && { storedNumbers: ["f16"] as const }) };
  const components: Partial<Record<ComponentName, Component>> = {};
  for (const name of COMPONENT_NAMES) {
    const part = manifest.components[name];
    if (part !== undefined) components[name] = { ...part, ...shipped };
  }
  for (const name of replaced) {
    const part = entry.components[name];
    if (part !== undefined) components[name] = await replacement(name, part, open(part), base, signal);
  }
  return {
    name: entry.id,
    title,
    pipeline: manifest.pipeline,
    components,
    steps,
    license,
    ...(sampler === undefined ? {} : { sampler }),
    ...(family === undefined ? {} : { family }),
  };
}

/** @throws OnestrokeError `model-unsupported` for weights in a format that is not read, which is known before anything is fetched */
export function refuseUnread(entry: CatalogueEntry): void {
  const isNamed = Object.values(entry.components).every(({ files }) => files?.length !== 0);
  if (entry.weights !== "orbax" && isNamed) return;
  const problem = `${entry.title} is published as ${entry.weights} files, which are not read${advice(entry)}`;
  throw new OnestrokeError("model-unsupported", problem, { model: entry.id });
}

/** What a user can do about weights that are not read. */
function advice({ id }: CatalogueEntry): string {
  return (
    `: convert them to safetensors in a folder under models, and name that in models/catalogue/${id}.json ` +
    '("revision": "", "weights": "safetensors"), because its steps are written nowhere else'
  );
}

async function replacement(
  name: ComponentName,
  part: ComponentEntry,
  store: ByteStore,
  base: ByteStore | undefined,
  signal?: AbortSignal,
): Promise<Component> {
  if (part.files === undefined) return diffusersComponent(store, name, part.className, part.folder ?? "", signal);
  const config = part.config ?? (await readJson(base ?? store, `${name}/config.json`, signal));
  const files = await Promise.all(part.files.map((file) => withLength(store, file, signal)));
  return { className: part.className, store, folder: "", files, config };
}

/** The file's length as the catalogue states it, which is checked, or as the store reports it. */
async function withLength(store: ByteStore, file: ManifestFile, signal?: AbortSignal): Promise<ManifestFile> {
  const { size } = await store.open(file.path, signal);
  if (file.byteLength !== undefined && file.byteLength !== size) {
    throw new OnestrokeError("model-corrupt", `${store.name}/${file.path} is ${size} bytes long, not ${file.byteLength}`, {
      file: file.path,
    });
  }
  return { ...file, byteLength: size };
}
