/** Verbs that are going to be: named, so that they are not taken for a typing mistake. */
export const LATER_VERBS = ['import'] as const;
