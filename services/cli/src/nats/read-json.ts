/** What a message holds; null: nothing that fits the schema, or more bytes than there may be. */
export function readJson<T>(
  schema: { safeParse(json: unknown): { data?: T | undefined } },
  data: Uint8Array,
  maxBytes: number,
): T | null {
  if (data.length > maxBytes) return null;
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(data))).data ?? null;
  } catch {
    return null;
  }
}
