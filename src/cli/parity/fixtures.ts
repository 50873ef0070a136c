// Finds the fixture folders of a directory and determines the kind of each: by `_class_name`,
// `architectures` or `family` in its config, else by its name, or by the files of a tokenizer.
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { firstExisting, readJson } from "../../checkpoints/read-file";
import { nodeStore } from "../../checkpoints/node-file";
import type { JsonObject } from "../../common/json";
import { assertNever, OnestrokeError } from "../../common/errors";
import type { Engine } from "../../common/engine";
import { networkRow, openDenoiser } from "../../networks";
import { checkAutoencoder } from "./autoencoder";
import type { DeviceCheck, Fixture, HostCheck, OnnxCheck } from "./check";
import { checkClassDenoiser } from "./class-to-image";
import { Golden } from "./golden";
import { checkNoise, checkSamplers, checkTokenizer } from "./host";
import { checkOnnx } from "./onnx";
import { checkLora, checkRepository, checkSingleFile } from "./repository";
import { checkTextDenoiser } from "./text-denoiser";
import { checkTextEncoder } from "./text-encoder";
import { checkTorchFiles } from "./torch-files";

export interface Bounds {
  readonly f32: number;
  readonly f16: number;
}

export type Kind =
  | { readonly on: "host"; readonly check: HostCheck; readonly bound: number }
  | { readonly on: "device"; readonly check: DeviceCheck; readonly bounds: Bounds }
  | { readonly on: "onnx-runtime"; readonly check: OnnxCheck; readonly bound: number }
  | { readonly on: "nothing"; readonly reason: string }
  /** The folder itself is at fault: it is not recognised, or cannot be read. */
  | { readonly on: "failure"; readonly reason: string };

export interface KnownFixture {
  readonly fixture: Fixture;
  readonly kind: Kind;
}

const NOT_RECOGNISED: Kind = { on: "failure", reason: "not recognised: neither its config nor its name says what it is" };

const NETWORK_BOUNDS: Bounds = { f32: 1e-4, f16: 5e-3 };
/** The bounds cover encoder, up to four steps and decoder, one after another. */
const REPOSITORY_BOUNDS: Bounds = { f32: 1e-3, f16: 3e-2 };
const TABLE_BOUND = 1e-5;

const network = (check: DeviceCheck): Kind => ({ on: "device", check, bounds: NETWORK_BOUNDS });

/** The check for a network, by the role that it plays and what it reads. */
function kindOfNetwork(className: string): Kind | undefined {
  const role = networkRow(className)?.role;
  switch (role) {
    case undefined:
      return undefined;
    case "text-encoder":
      return network(checkTextEncoder);
    case "autoencoder":
      return network(checkAutoencoder);
    case "denoiser":
      return network((fixture, ...rest) =>
        (openDenoiser(fixture).reads.kind === "text" ? checkTextDenoiser : checkClassDenoiser)(fixture, ...rest),
      );
    default:
      return assertNever(role);
  }
}

const TOKENIZER: Kind = { on: "host", check: checkTokenizer, bound: TABLE_BOUND };

const BY_PREFIX: readonly (readonly [prefix: string, kind: Kind])[] = [
  ["clip-tokenizer", TOKENIZER],
  ["samplers", { on: "host", check: checkSamplers, bound: TABLE_BOUND }],
  ["torch-files", { on: "host", check: checkTorchFiles, bound: 0 }],
  ["torch-randn", { on: "host", check: checkNoise, bound: TABLE_BOUND }],
  ["repo-", { on: "device", check: checkRepository, bounds: REPOSITORY_BOUNDS }],
  ["single-", { on: "device", check: checkSingleFile, bounds: REPOSITORY_BOUNDS }],
  ["lora-", { on: "device", check: checkLora, bounds: REPOSITORY_BOUNDS }],
  ["onnx-", { on: "onnx-runtime", check: checkOnnx, bound: NETWORK_BOUNDS.f32 }],
];

/**
 * Folders of `directory` in order of their names, or `directory` itself if it is a fixture.
 * @throws OnestrokeError `model-missing` when there is none
 */
export async function parityFixtures(directory: string): Promise<readonly KnownFixture[]> {
  const folders = (await nodeStore(directory).exists("golden.json")) ? [directory] : await subfolders(directory);
  if (folders.length === 0) throw new OnestrokeError("model-missing", `${directory} has no fixture folders`, { directory });
  return Promise.all(folders.map(open));
}

/** Leaves out fixtures of other engines, with the reason. */
export function onEngine(fixtures: readonly KnownFixture[], engine: Engine): readonly KnownFixture[] {
  return fixtures.map(({ fixture, kind }) => {
    const isRun = kind.on !== "nothing" && kind.on !== "failure";
    const isOther = isRun && (kind.on === "onnx-runtime") === (engine === "wgsl");
    return { fixture, kind: isOther ? { on: "nothing", reason: reasonAgainst(kind, engine) } : kind };
  });
}

function reasonAgainst({ on }: Kind, engine: Engine): string {
  if (on === "onnx-runtime") return "an ONNX export, which our own engine does not read";
  return on === "host" ? `tables of our own, not of ${engine}` : `a checkpoint without an ONNX export, which ${engine} does not read`;
}

async function subfolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new OnestrokeError("model-missing", `${directory} is not a folder`, { directory }, cause);
  });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return folders.map(({ name }) => join(directory, name)).toSorted();
}

async function open(folder: string): Promise<KnownFixture> {
  const store = nodeStore(folder);
  const name = basename(folder);
  try {
    const config = (await store.exists("config.json")) ? await readJson(store, "config.json") : {};
    const golden = (await store.exists("golden.json")) ? await Golden.open(store) : Golden.empty();
    const className = classNames(config).find((label) => networkRow(label) !== undefined) ?? "";
    const named = kindOfNetwork(className) ?? BY_PREFIX.find(([prefix]) => name.startsWith(prefix))?.[1];
    const isTokenizer = (await firstExisting(store, ["tokenizer.json", "vocab.json"])) !== undefined;
    const kind = named ?? (isTokenizer ? TOKENIZER : NOT_RECOGNISED);
    return { fixture: { name, store, className, config, golden }, kind };
  } catch (error) {
    const { message } = OnestrokeError.from(error, "model-corrupt");
    return { fixture: { name, store, className: "", config: {}, golden: Golden.empty() }, kind: { on: "failure", reason: message } };
  }
}

/** What a config calls its network, in diffusers' field, transformers' field and our own. */
function classNames(config: JsonObject): readonly string[] {
  const architectures: readonly unknown[] = Array.isArray(config["architectures"]) ? config["architectures"] : [];
  return [config["_class_name"], ...architectures, config["family"]].filter((label) => typeof label === "string");
}
