// Elementwise operations with their broadcasts: each is one expression on four channels
// of a row; `rowwise` adds indexing, number formats and bands. Arithmetic is f32, stored once.
import { activationWgsl } from "../../activations";
import type { Dispatch, Lowering } from "../../kernel";
import type { Activate, AddTable, Binary, Combine, GatedActivation, GatedAdd, ScaleChannels, ScaleShift, TableTokens } from "../../ops";
import type { Weight } from "../../weight-layout";
import { axis, channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { rowwise, type Table } from "../rowwise";
import { itemRows } from "../streams";

export function lowerActivate(op: Activate, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return rowwise(
    {
      name: "activate",
      output,
      streams: { x: { tensor: op.inputs.x } },
      declarations: activationWgsl("activation", op.activation),
      body: "return activation(read_x(row, channel));",
    },
    lowering,
  );
}

/** b is x's shape or one row per batch item: `rowsPerItem` covers both, so both share a pipeline. */
export function lowerBinary(op: Binary, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, b } = op.inputs;
  const rowsPerItem = rowsOf(x) / rowsOf(b);
  const sign = { add: "+", multiply: "*" }[op.operation];
  return rowwise(
    {
      name: op.operation,
      output,
      streams: { x: { tensor: x }, b: { tensor: b, rows: itemRows(rowsPerItem) } },
      sizes: { rows_per_item: rowsPerItem },
      body: `return read_x(row, channel) ${sign} read_b(row / sizes.rows_per_item, channel);`,
    },
    lowering,
  );
}

export function lowerScaleChannels(op: ScaleChannels, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, residual } = op.inputs;
  const term = "read_x(row, channel) * load_scale(channel >> 2u)";
  return rowwise(
    {
      name: "scale-channels",
      output,
      streams: { x: { tensor: x }, ...(residual ? { residual: { tensor: residual } } : {}) },
      tables: { scale: weightTable(op.weights.scale) },
      body: `return ${residual ? "read_residual(row, channel) + " : ""}${term};`,
    },
    lowering,
  );
}

export function lowerScaleShift(op: ScaleShift, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return rowwise(
    {
      name: "scale-shift",
      output,
      streams: { x: { tensor: op.inputs.x } },
      scalars: { scale: op.scale, shift: op.shift },
      body: "return read_x(row, channel) * sizes.scale + sizes.shift;",
    },
    lowering,
  );
}

export function lowerGatedAdd(op: GatedAdd, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, b, modulation } = op.inputs;
  const rowsPerItem = rowsOf(x) / rowsOf(modulation);
  const channels = channelsOf(x);
  return rowwise(
    {
      name: "gated-add",
      output,
      streams: {
        x: { tensor: x },
        b: { tensor: b },
        modulation: { tensor: modulation, rows: itemRows(rowsPerItem), aligned: channels % 4 === 0 },
      },
      sizes: { rows_per_item: rowsPerItem, gate: op.chunk * channels },
      body: "return read_x(row, channel) + read_modulation(row / sizes.rows_per_item, sizes.gate + channel) * read_b(row, channel);",
    },
    lowering,
  );
}

export function lowerGatedActivation(op: GatedActivation, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const channels = channelsOf(output);
  return rowwise(
    {
      name: "gated-activation",
      output,
      streams: { x: { tensor: op.inputs.x, aligned: channels % 4 === 0 } },
      sizes: { gate: op.gateFirst ? 0 : channels, linear: op.gateFirst ? channels : 0 },
      declarations: activationWgsl("activation", op.activation),
      body: "return read_x(row, sizes.linear + channel) * activation(read_x(row, sizes.gate + channel));",
    },
    lowering,
  );
}

export function lowerAddTable(op: AddTable, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return rowwise(
    {
      name: "add-table",
      output,
      streams: { x: { tensor: op.inputs.x } },
      tables: { table: weightTable(op.weights.table) },
      sizes: { tokens: axis(output, -2), table_quads: quadsOf(output) },
      body: "return read_x(row, channel) + load_table((row % sizes.tokens) * sizes.table_quads + (channel >> 2u));",
    },
    lowering,
  );
}

export function lowerTableTokens(op: TableTokens, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const tokens = axis(output, -2);
  return rowwise(
    {
      name: "table-tokens",
      output,
      streams: { x: { tensor: op.inputs.x, rows: itemRows(tokens) } },
      tables: { table: weightTable(op.weights.table) },
      sizes: { tokens, table_quads: quadsOf(output) },
      body: "return read_x(row / sizes.tokens, channel) + load_table((row % sizes.tokens) * sizes.table_quads + (channel >> 2u));",
    },
    lowering,
  );
}

export function lowerCombine(op: Combine, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, b, noise, coefficients } = op.inputs;
  const terms = [
    "c.x * read_x(row, channel)",
    ...(b ? ["c.y * read_b(row, channel)"] : []),
    ...(noise ? ["c.z * read_noise(row, channel)"] : []),
  ];
  return rowwise(
    {
      name: "combine",
      output,
      streams: { x: { tensor: x }, ...(b ? { b: { tensor: b } } : {}), ...(noise ? { noise: { tensor: noise } } : {}) },
      tables: { coefficients: { source: { tensor: coefficients }, element: coefficients.element, lanes: 4 } },
      sizes: { step: op.index },
      body: `let c = load_coefficients(sizes.step);\nreturn ${terms.join(" + ")};`,
    },
    lowering,
  );
}

function weightTable(weight: Weight): Table {
  return { source: { weight }, element: "weight", lanes: 4 };
}
