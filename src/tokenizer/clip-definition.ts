// CLIP's tokenizer as a `tokenizer.json`, made from the older pair of files. The
// normalisation and the splitting pattern are OpenAI's (CLIP, `simple_tokenizer.py`).
import type { JsonObject } from "../common/json";
import { OnestrokeError } from "../common/errors";

const SPLIT = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/**
 * @param vocabulary token to id, contents of `vocab.json`
 * @param merges text of `merges.txt`: a version line, then one pair on each line, best first
 * @throws OnestrokeError `model-corrupt` when a line is not a pair
 */
export function tokenizerJsonFromMerges(vocabulary: JsonObject, merges: string): JsonObject {
  const lines = merges.split("\n").map((line) => line.trimEnd());
  const pairs = lines.filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  return {
    version: "1.0",
    added_tokens: [],
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Lowercase" }],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: SPLIT }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<|endoftext|>",
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges: pairs.map(mergePair),
    },
  };
}

function mergePair(line: string): readonly [string, string] {
  const [left, right, ...rest] = line.split(" ");
  if (left === undefined || right === undefined || rest.length > 0) {
    throw new OnestrokeError("model-corrupt", `merges.txt has a line that is not a pair: ${line.slice(0, 80)}`, { file: "merges.txt" });
  }
  return [left, right];
}
