// What a pickle of torch.save holds, as data: tensors and containers.
import type { PlainDtype } from "../../dtype";

/** Numbers of a storage in the archive, and how a tensor is laid over them. Lengths and places are counted in elements. */
export interface PickledTensor {
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export interface PickledStorage {
  readonly dtype: PlainDtype;
  /** Name of the entry below `data/`. */
  readonly key: string;
}

/** What a pickle holds: tensors, and what Python calls None, bool, int, float, str, bytes, list, tuple and dict. */
export type Pickled = undefined | boolean | number | string | Pickled[] | Tensor | Storage | Dict | Name;

/** A Python dictionary. What is set on it as an object, such as a state dict's `_metadata`, is dropped. */
export class Dict {
  readonly entries = new Map<Pickled, Pickled>();
}

export class Tensor {
  readonly value: PickledTensor;
  constructor(value: PickledTensor) {
    this.value = value;
  }
}

export class Storage {
  readonly value: PickledStorage;
  constructor(value: PickledStorage) {
    this.value = value;
  }
}

/** A name of Python's that this reader knows. */
export class Name {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
