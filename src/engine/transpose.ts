// The inner loop of packing weights: a checkpoint keeps the inputs of one output side by side, and kernels want the outputs of one input
// side by side. It is most of what loading a model costs this side of the GPU, so it moves two outputs of two inputs at a time, and goes
// over the matrix in blocks whose two sides both stay in the nearest cache.

/** Outputs and words (pairs of inputs) of a block: 32 lines of cache on either side. */
const BLOCK_OUTPUTS = 32;
const BLOCK_WORDS = 16;

/**
 * Writes `from[output][input]` to `into[rows[input] + columns[output]]`.
 * @param from whole rows of as many inputs as `rows` has, one for each of `columns`
 */
export function transposeInto(from: Uint16Array, into: Uint16Array, rows: Int32Array, columns: Int32Array): void {
  if (isPaired(columns) && rows.length % 2 === 0 && from.byteOffset % 4 === 0 && into.byteOffset % 4 === 0)
    transposePairs(from, into, rows, columns);
  else transposeValues(from, into, rows, columns);
}

/** Whether every two outputs share one word of the target, whose rows have a multiple of four values. */
function isPaired(columns: Int32Array): boolean {
  for (let output = 0; output < columns.length; output += 2) {
    const column = columns[output] ?? 0;
    if (column % 2 !== 0 || columns[output + 1] !== column + 1) return false;
  }
  return true;
}

function transposePairs(from: Uint16Array, into: Uint16Array, rows: Int32Array, columns: Int32Array): void {
  const source = new Uint32Array(from.buffer, from.byteOffset, from.length >> 1);
  const target = new Uint32Array(into.buffer, into.byteOffset, into.length >> 1);
  const outputs = columns.length;
  const words = rows.length >> 1;
  for (let firstOutput = 0; firstOutput < outputs; firstOutput += BLOCK_OUTPUTS) {
    const endOutput = Math.min(firstOutput + BLOCK_OUTPUTS, outputs);
    for (let firstWord = 0; firstWord < words; firstWord += BLOCK_WORDS) {
      const endWord = Math.min(firstWord + BLOCK_WORDS, words);
      for (let word = firstWord; word < endWord; word++) {
        const evenRow = (rows[2 * word] ?? 0) >> 1;
        const oddRow = (rows[2 * word + 1] ?? 0) >> 1;
        for (let output = firstOutput, at = firstOutput * words + word; output < endOutput; output += 2, at += 2 * words) {
          const column = (columns[output] ?? 0) >> 1;
          const left = source[at] ?? 0;
          const right = source[at + words] ?? 0;
          target[evenRow + column] = (left & 0xffff) | (right << 16);
          target[oddRow + column] = (left >>> 16) | (right & 0xffff0000);
        }
      }
    }
  }
}

function transposeValues(from: Uint16Array, into: Uint16Array, rows: Int32Array, columns: Int32Array): void {
  const inputs = rows.length;
  for (let output = 0; output < columns.length; output++) {
    const column = columns[output] ?? 0;
    for (let input = 0; input < inputs; input++) into[(rows[input] ?? 0) + column] = from[output * inputs + input] ?? 0;
  }
}
