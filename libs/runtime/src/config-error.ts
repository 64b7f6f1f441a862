/** A configuration value is wrong. `file` is a path, `environment` or `flags`; `line` counts from 1. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** EX_CONFIG of sysexits.h. */
  readonly exit = 78;
  readonly file: string;
  readonly line: number | undefined;
  /** Dotted path of the field, or '' for the whole. */
  readonly field: string;

  constructor(at: { file: string; line?: number | undefined; field?: string }, why: string, options?: ErrorOptions) {
    const where = at.line === undefined ? at.file : `${at.file}:${at.line}`;
    super(at.field ? `${where}: ${at.field}: ${why}` : `${where}: ${why}`, options);
    this.file = at.file;
    this.line = at.line;
    this.field = at.field ?? '';
  }
}
