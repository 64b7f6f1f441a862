import type { z } from 'zod';
import { type Environment, fromEnvironment } from './config-env.js';
import { ConfigError } from './config-error.js';
import { has, isTree, merge, type Tree } from './config-tree.js';
import { readYaml } from './config-yaml.js';

export interface ConfigSources<T> {
  /** Gives the defaults, too. Use strict objects, so that a misspelt field is an error. */
  schema: z.ZodType<T>;
  /** A YAML file; it must exist when given. */
  file?: string | undefined;
  /** `DOLPHIN_` makes DOLPHIN_STATE_DIR set `stateDir`, and DOLPHIN_PORTS__STREAM_RTMP set `ports.streamRtmp`. */
  envPrefix: string;
  env: NodeJS.ProcessEnv;
  /** By field name; undefined values count as not given. */
  flags: Readonly<Record<string, unknown>>;
  /** What counts less than all of these, and more than the schema's defaults; undefined values count as not given. */
  fallback?: Readonly<Record<string, unknown>>;
  /** The only names that are read from the environment. Default: the top-level fields of the schema. */
  envFields?: readonly string[];
}

/** Defaults < fallback < YAML file < environment < flags, each field by itself. Throws ConfigError for the first that is wrong. */
export function loadConfig<T>(sources: ConfigSources<T>): T {
  const yaml = sources.file === undefined ? undefined : readYaml(sources.file);
  const fields = sources.envFields ?? topLevelFields(sources.schema);
  const environment = fromEnvironment(sources.env, sources.envPrefix, fields);
  const flags = given(sources.flags);
  const merged = [yaml?.tree ?? {}, environment.tree, flags].reduce(merge, given(sources.fallback ?? {}));
  let parsed = sources.schema.safeParse(merged);
  if (!parsed.success) parsed = sources.schema.safeParse(withTexts(merged, environment, flags, parsed.error.issues));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  let path = (issue?.path ?? []).map(String);
  if (issue?.code === 'unrecognized_keys' && issue.keys[0] !== undefined) path = [...path, issue.keys[0]];
  const field = path.join('.');
  const why = issue?.code === 'unrecognized_keys' ? 'there is no such field' : (issue?.message ?? 'is wrong');
  if (path.length > 0 && has(flags, path)) throw new ConfigError({ file: 'flags', field }, why);
  if (path.length > 0 && has(environment.tree, path)) throw new ConfigError({ file: 'environment', field }, why);
  throw new ConfigError({ file: sources.file ?? 'defaults', line: yaml?.lineOf(path), field }, why);
}

function given(values: Readonly<Record<string, unknown>>): Tree {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** DOLPHIN_HOST=007 reads as a number; where the schema wants text, the variable's text is the value. */
function withTexts(merged: Tree, environment: Environment, flags: Tree, issues: readonly z.core.$ZodIssue[]): Tree {
  let tree = merged;
  for (const { code, path } of issues) {
    const names = path.map(String);
    const text = environment.texts.get(names.join('.'));
    if (code === 'invalid_type' && text !== undefined && !has(flags, names)) {
      tree = merge(tree, names.reduceRight<unknown>((under, name) => ({ [name]: under }), text) as Tree);
    }
  }
  return tree;
}

function topLevelFields(schema: z.ZodType<unknown>): readonly string[] {
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  return isTree(shape) ? Object.keys(shape) : [];
}
