// What a person may say of a checkpoint whose files do not say how it is stepped, or what its network predicts. It is a part of the recipe,
// because another rule draws another picture.

export const CHOSEN_RULES = ["consistency", "euler", "tcd"] as const;

export type ChosenRule = (typeof CHOSEN_RULES)[number];

export const CHOSEN_PREDICTIONS = ["epsilon", "v_prediction"] as const;

export type ChosenPrediction = (typeof CHOSEN_PREDICTIONS)[number];
