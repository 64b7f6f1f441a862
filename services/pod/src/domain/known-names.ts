import type { EdgeDefinition, ErrorCode } from '@dolphin/protocol';

/** What this host's own configuration names. */
export interface KnownNames {
  readonly engines: Pick<ReadonlySet<string>, 'has'>;
  readonly confs: Pick<ReadonlySet<string>, 'has'>;
}

/** Why this edge cannot be run here; null: it can. */
export function unknownName(
  { engine, conf }: EdgeDefinition,
  known: KnownNames,
): { readonly code: ErrorCode; readonly details: Record<string, string> } | null {
  if (!known.engines.has(engine)) return { code: 'E_ENGINE_UNKNOWN', details: { engine } };
  if (conf !== undefined && !known.confs.has(conf.name))
    return { code: 'E_CONF_UNKNOWN', details: { conf: conf.name } };
  return null;
}
