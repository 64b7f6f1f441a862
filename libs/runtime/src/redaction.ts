/** Names of fields whose values are never written, at the top of a line and one level below. */
const SECRET_FIELDS = ['password', 'pass', 'token', 'secret', 'authorization', 'credentials'] as const;

export const REDACTED_PATHS: readonly string[] = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
export const REDACTED = '[redacted]';

/** `nats://user:password@host` → `nats://[redacted]@host`, and what stands after `Bearer`, wherever in a line. */
export function withoutSecrets(line: string): string {
  return line
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'\\@]*(?:@[^\s/?#"'\\@]*)*@/gi, `$1${REDACTED}@`)
    .replace(/\b(bearer\s+)[\w~+/.=-]+/gi, `$1${REDACTED}`);
}
