// Whether a file of weights is a LoRA, which is added to the model that draws, or a model of its own. The names of its tensors tell; what
// is in it is judged where it is read (checkpoints/formats/lora).

/** The longest header that checkpoints/safetensors.ts reads. */
const MOST_BYTES = 16 * 2 ** 20;

/** torch.save writes names first, uncompressed: those of a whole model take a tenth of this. */
const PICKLE_BYTES = 4 * 2 ** 20;

/** What a file of torch.save begins with: it is a ZIP. */
const ZIP = 0x04034b50;

/** As kohya's trainer, PEFT, diffusers and their relatives call the matrices of one layer. */
const MATRIX =
  /\.lora_(?:up|down|A|B|mid|linear_layer)\b|\.lora\.(?:up|down)\.|_lora\.(?:up|down)\.|\.(?:hada|lokr)_w\d|\.dora_scale|\.oft_(?:blocks|diag|R)\b/;

/** The same within the name of a tensor in safetensors' header, and not in what its metadata says. */
const NAME = new RegExp(String.raw`"[^"\\]*(?:${MATRIX.source})[^"\\]*":\s*\{`);

/** @returns false also for what is neither a safetensors file nor one of torch.save */
export async function isLoraFile(file: Blob): Promise<boolean> {
  const head = new DataView(await file.slice(0, 8).arrayBuffer());
  if (head.byteLength < 8) return false;
  if (head.getUint32(0, true) === ZIP) return MATRIX.test(await file.slice(8, PICKLE_BYTES).text());
  const headerBytes = Number(head.getBigUint64(0, true));
  if (headerBytes > MOST_BYTES || headerBytes + 8 > file.size) return false;
  return NAME.test(await file.slice(8, 8 + headerBytes).text());
}
