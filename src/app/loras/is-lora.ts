// Whether a file of weights is a LoRA, which is added to the model that draws, or a model of its own. The names of its tensors tell; what
// is in it is judged where it is read (checkpoints/formats/lora).

/** The longest header that checkpoints/safetensors.ts reads. */
const MOST_BYTES = 16 * 2 ** 20;

/** As kohya's trainer, PEFT, diffusers and their relatives call the matrices of one layer. */
const MATRIX =
  /"[^"]*(?:\.lora_(?:up|down|A|B|mid|linear_layer)\b|\.lora\.(?:up|down)\.|_lora\.(?:up|down)\.|\.(?:hada|lokr)_w\d|\.dora_scale)[^"]*"/;

/** @returns false also for what is no safetensors file */
export async function isLoraFile(file: Blob): Promise<boolean> {
  const head = new DataView(await file.slice(0, 8).arrayBuffer());
  if (head.byteLength < 8) return false;
  const headerBytes = Number(head.getBigUint64(0, true));
  if (headerBytes > MOST_BYTES || headerBytes + 8 > file.size) return false;
  return MATRIX.test(await file.slice(8, 8 + headerBytes).text());
}
