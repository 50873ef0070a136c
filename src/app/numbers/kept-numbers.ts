// In which numbers each model is kept and computed on this device: what somebody chose for its weights, and which of its networks broke a
// picture in float16; and how products are computed, which is one choice for all models. It is kept for later visits where the browser
// keeps anything, and for this one where it does not.
import type { ModelNumbers } from "../../common/model-numbers";
import { WEIGHT_CHOICES } from "../../common/weight-format";
import { wideNetworks } from "../../common/wide-network";
import type { TextStorage } from "../engines/quickest";

export interface KeptNumbers {
  of(model: string): ModelNumbers;
  /** Changes what it names, and leaves the rest. What is changed to undefined is forgotten. */
  keep(model: string, change: ModelNumbers): void;
}

/** Where the choice of all models lies. */
const PRODUCTS = "onestroke-products";

const key = (model: string): string => `onestroke-numbers ${model}`;

export function createKeptNumbers(storage: () => TextStorage): KeptNumbers {
  const known = new Map<string, ModelNumbers>();
  let products = readProducts(storage);
  const ofModel = (model: string): ModelNumbers => {
    const numbers = known.get(model) ?? read(storage, model);
    known.set(model, numbers);
    return numbers;
  };
  const keepText = (name: string, text: string | undefined): void => {
    if (text === undefined) storage().removeItem(name);
    else storage().setItem(name, text);
  };
  return {
    of: (model) => (products === undefined ? ofModel(model) : { ...ofModel(model), products }),
    keep(model, change) {
      const { products: choice, ...numbers } = { ...ofModel(model), products, ...change };
      products = choice;
      known.set(model, numbers);
      try {
        // Another tab may have chosen since, and only a choice takes the place of that.
        if ("products" in change) keepText(PRODUCTS, products);
        keepText(key(model), numbers.weights === undefined && !numbers.inFloat32?.length ? undefined : JSON.stringify(numbers));
      } catch {
        // The browser denies storage, so it lasts for this visit.
      }
    },
  };
}

function readProducts(storage: () => TextStorage): ModelNumbers["products"] {
  try {
    return storage().getItem(PRODUCTS) === "table" ? "table" : undefined;
  } catch {
    return undefined;
  }
}

function read(storage: () => TextStorage, model: string): ModelNumbers {
  try {
    const kept: { readonly weights?: unknown; readonly inFloat32?: unknown } = Object(JSON.parse(storage().getItem(key(model)) ?? "{}"));
    const weights = WEIGHT_CHOICES.find((choice) => choice === kept.weights);
    const inFloat32 = Array.isArray(kept.inFloat32) ? wideNetworks(kept.inFloat32) : [];
    return { ...(weights === undefined ? {} : { weights }), ...(inFloat32.length === 0 ? {} : { inFloat32 }) };
  } catch {
    return {};
  }
}

export function browserKeptNumbers(): KeptNumbers {
  // Reading the property throws where the browser denies storage.
  return createKeptNumbers(() => localStorage);
}

/** For tests, and for apps that remember nothing beyond a visit. */
export function numbersOfThisVisit(): KeptNumbers {
  return createKeptNumbers(() => {
    throw new DOMException("nothing is kept", "SecurityError");
  });
}
