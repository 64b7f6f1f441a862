/** Options that are filters of the global API, under its own names. */
export type FilterOptions<Name extends string> = Readonly<Partial<Record<Name, string>>>;

/** Those that were given, as the global API takes them. */
export function givenFilters<Name extends string>(
  names: readonly Name[],
  options: FilterOptions<Name>,
): Readonly<Record<string, string>> {
  const filters: Record<string, string> = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) filters[name] = value;
  }
  return filters;
}
