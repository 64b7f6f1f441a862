/** Who tells of the farm: a master, the workers over NATS, the pod of this machine and its files; `auto`: in this order. */
export const SOURCES = ['auto', 'master', 'workers', 'direct'] as const;
export type SourceChoice = (typeof SOURCES)[number];
export type SourceName = Exclude<SourceChoice, 'auto'>;

export function sourceOrder(choice: SourceChoice): readonly SourceName[] {
  return choice === 'auto' ? ['master', 'workers', 'direct'] : [choice];
}

export function isSourceChoice(text: string): text is SourceChoice {
  return SOURCES.some((source) => source === text);
}
