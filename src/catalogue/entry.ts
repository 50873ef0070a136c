// An entry of models/catalogue: what is known of one published checkpoint, and where its files
// are. It is parsed strictly, because an entry is code that happens to be written as JSON.
import { parseSampler } from "../samplers/sampler-json";
import type { Sampler } from "../samplers/sampler";
import { STEERED_FAMILIES } from "../common/steering-defaults";
import { Fields, type JsonObject } from "../common/json";
import type { License, StepRange } from "../common/model-facts";
import { WEIGHT_FORMATS, type WeightFormat } from "../common/weight-format";
import { COMPONENT_NAMES, type ComponentName, type ManifestFile, type PublishedFile } from "./components";

/** A repository of the model hub at one revision; a revision of "" means files that ship with the app. */
export interface RepositoryAt {
  readonly repository: string;
  readonly revision: string;
}

/** A component that does not come from the base: a folder in diffusers' layout, or bare weight files. */
export interface ComponentEntry extends RepositoryAt {
  readonly className: string;
  readonly folder?: string;
  readonly files?: readonly ManifestFile[];
  /** For components with no published config file. Without it, bare files take the base component's config. */
  readonly config?: JsonObject;
}

/** A choice of parts that stand in for the entry's own, such as another decoder. */
export interface Preset {
  /** Follows the entry's id after a plus: `sd-turbo+large-decoder`. */
  readonly id: string;
  /** As a list of choices shows it. */
  readonly title: string;
  /** What speaks for it, in one or two sentences. */
  readonly summary: string;
  readonly components: CatalogueEntry["components"];
}

export const MODEL_FAMILIES = [...STEERED_FAMILIES, "esc-sit", "imf-dit", "pagoda-decoder"] as const;

export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  /** What it is good for, in one plain sentence. */
  readonly summary: string;
  readonly family: (typeof MODEL_FAMILIES)[number];
  /** Pixels on a side of the pictures that it was trained on. */
  readonly size: number;
  /** The same of its second decoder, which draws larger ones (`vae_fine`). Absent where there is none. */
  readonly fineSize?: number;
  /** GPU memory for a picture of that size, in bytes: an estimate from the published number of weights, in float16, as in `ModelOutline`. */
  readonly gpuBytes?: number;
  /** About what a download of it takes, in bytes, from the sizes that its files were published in. Absent where these are not known. */
  readonly downloadBytes?: number;
  readonly steps: StepRange;
  /** How its weights are published. Orbax is not read and needs a conversion first, and so do torch's files where none is listed. */
  readonly weights: "safetensors" | "torch" | "orbax";
  /** What each network is drawn with where nobody chooses, if not what its files have. Memory is planned with it before there is a file to look into. */
  readonly weightFormat?: WeightFormat;
  /** A repository in diffusers' layout. It is absent for networks that are not published in one. */
  readonly base?: RepositoryAt;
  /** With the parts of the preset that was chosen. */
  readonly components: Readonly<Partial<Record<ComponentName, ComponentEntry>>>;
  /** What a person may choose from, the usual choice first; empty where there is no choice. */
  readonly presets: readonly Preset[];
  /** If it is absent, the base's scheduler file is right for this student. */
  readonly sampler?: Sampler;
  readonly license: License;
  /** Size of its weights as stored, which is nearly all of the download. Absent where it has not been measured. */
  readonly byteLength?: number;
  /** Every file of a model that ships with the app, so that none is drawn with that was damaged on the way. */
  readonly files?: readonly PublishedFile[];
  /** A file beside the model's own that lists the words it was taught. Absent for models without a special vocabulary. */
  readonly words?: string;
}

/** @throws OnestrokeError `model-unsupported`, naming the entry and the field */
export function parseCatalogueEntry(value: JsonObject, where: string): CatalogueEntry {
  const fields = new Fields(value, where);
  const base = fields.optionalObject("base");
  const sampler = fields.optionalObject("sampler");
  const byteLength = fields.optionalInteger("byteLength", [1, Number.MAX_SAFE_INTEGER]);
  const fineSize = fields.optionalInteger("fineSize", [16, 4096]);
  const gpuBytes = fields.optionalInteger("gpuBytes", [1, Number.MAX_SAFE_INTEGER]);
  const downloadBytes = fields.optionalInteger("downloadBytes", [1, Number.MAX_SAFE_INTEGER]);
  const words = fields.optionalString("words");
  const weightFormat = fields.optionalOneOf("weightFormat", WEIGHT_FORMATS);
  const presets = value["presets"] === undefined ? [] : fields.objects("presets").map(parsePreset);
  const entry: CatalogueEntry = {
    id: fields.string("id"),
    title: fields.string("title"),
    summary: fields.string("summary"),
    family: fields.oneOf("family", MODEL_FAMILIES),
    size: fields.integer("size", [16, 4096]),
    steps: parseSteps(fields.requiredObject("steps")),
    weights: fields.optionalOneOf("weights", ["safetensors", "torch", "orbax"]) ?? "safetensors",
    components: { ...parseComponents(fields.optionalObject("components")), ...presets[0]?.components },
    presets,
    license: parseLicense(fields.requiredObject("license")),
    ...(base === undefined ? {} : { base: parseRepository(base) }),
    ...(sampler === undefined ? {} : { sampler: parseSampler(sampler) }),
    ...(byteLength === undefined ? {} : { byteLength }),
    ...(fineSize === undefined ? {} : { fineSize }),
    ...(gpuBytes === undefined ? {} : { gpuBytes }),
    ...(downloadBytes === undefined ? {} : { downloadBytes }),
    ...(fields.object["files"] === undefined ? {} : { files: fields.objects("files").map(parsePublishedFile) }),
    ...(words === undefined ? {} : { words }),
    ...(weightFormat === undefined ? {} : { weightFormat }),
  };
  if (entry.base === undefined && entry.sampler === undefined)
    throw fields.unsupported("sampler", "is missing, and the entry has no base to take one from");
  if (words !== undefined && !(/^[\w-]+\.json$/.test(words) && entry.base?.revision === ""))
    throw fields.unsupported("words", "is not a JSON file beside a model that ships with the app");
  if (entry.files !== undefined && entry.base?.revision !== "") throw fields.unsupported("files", "is for models that ship with the app");
  if (fineSize !== undefined && fineSize <= entry.size) throw fields.unsupported("fineSize", "is not more than the size");
  return entry;
}

function parseSteps(fields: Fields): StepRange {
  const steps = { maximum: fields.integer("maximum", [1, 8]), preferred: fields.integer("preferred", [1, 8]) };
  if (steps.preferred > steps.maximum) throw fields.unsupported("preferred", "is more than the maximum");
  return steps;
}

function parsePreset(fields: Fields): Preset {
  const id = fields.string("id");
  if (!/^[a-z][a-z0-9-]*$/.test(id)) throw fields.unsupported("id", "is not lower-case letters, digits and hyphens");
  const components = parseComponents(fields.optionalObject("components"));
  return { id, title: fields.string("title"), summary: fields.string("summary"), components };
}

/**
 * The entry with another of its presets. The usual one has the entry's own id, so that a model has one id.
 * @returns undefined where the entry has no such preset
 */
export function withPreset(entry: CatalogueEntry, preset: string): CatalogueEntry | undefined {
  const chosen = entry.presets.find(({ id }) => id === preset);
  const [usual] = entry.presets;
  if (chosen === undefined || chosen === usual) return chosen && entry;
  const own = Object.fromEntries(Object.entries(entry.components).filter(([name]) => !Object.hasOwn(usual?.components ?? {}, name)));
  const { byteLength: _, gpuBytes: __, downloadBytes: ___, ...rest } = entry;
  return {
    ...rest,
    id: `${entry.id}+${chosen.id}`,
    title: `${entry.title}, ${chosen.title}`,
    components: { ...own, ...chosen.components },
  };
}

function parseComponents(fields: Fields | undefined): CatalogueEntry["components"] {
  if (fields === undefined) return {};
  const unknown = Object.keys(fields.object).find((key) => !COMPONENT_NAMES.some((name) => name === key));
  if (unknown !== undefined) throw fields.unsupported(unknown, "is not the name of a component");
  const components: Partial<Record<ComponentName, ComponentEntry>> = {};
  for (const name of COMPONENT_NAMES) {
    const entry = fields.optionalObject(name);
    if (entry !== undefined) components[name] = parseComponent(entry);
  }
  return components;
}

function parseComponent(fields: Fields): ComponentEntry {
  const folder = fields.optionalString("folder");
  const config = fields.optionalObject("config")?.object;
  if ((folder === undefined) === (fields.object["files"] === undefined))
    throw fields.unsupported("files", 'or "folder" must be given, and not both');
  return {
    ...parseRepository(fields),
    className: fields.string("className"),
    ...(folder === undefined ? { files: fields.objects("files").map(parseFile) } : { folder }),
    ...(config === undefined ? {} : { config }),
  };
}

function parseFile(fields: Fields): ManifestFile {
  const byteLength = fields.optionalInteger("byteLength", [0, Number.MAX_SAFE_INTEGER]);
  const sha256 = fields.optionalString("sha256");
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw fields.unsupported("sha256", "is not 64 lower-case hexadecimal digits");
  return { path: fields.string("path"), ...(byteLength === undefined ? {} : { byteLength }), ...(sha256 === undefined ? {} : { sha256 }) };
}

function parsePublishedFile(fields: Fields): PublishedFile {
  const { path, byteLength, sha256 } = parseFile(fields);
  if (byteLength === undefined || sha256 === undefined) throw fields.unsupported("sha256", 'and "byteLength" must be given');
  return { path, byteLength, sha256 };
}

function parseRepository(fields: Fields): RepositoryAt {
  return { repository: fields.string("repository"), revision: fields.string("revision") };
}

function parseLicense(fields: Fields): License {
  const commercial = fields.optionalBoolean("commercial");
  return { id: fields.string("id"), ...(commercial === undefined ? {} : { commercial }) };
}
