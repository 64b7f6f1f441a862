/** Verbs that are going to be: named, so that they are not taken for a typing mistake. */
export const LATER_VERBS = [
  'streams',
  'clients',
  'drain',
  'undrain',
  'cordon',
  'uncordon',
  'restart',
  'kill',
  'host',
  'why',
  'history',
  'rollback',
  'init',
  'import',
  'export',
  'doctor',
] as const;
