import { DEFAULT_EDGES, type Layout, layoutOf } from './layout.js';

/** conf/farm.yaml suits a farm with the default ports on loopback; null for that one, and for others the same wish on theirs. */
export function exampleSpec(layout: Layout): string | null {
  const standard = layoutOf({ portBase: undefined, ports: {}, listen: undefined });
  const isStandard =
    layout.address === standard.address &&
    layout.ports.origin === standard.ports.origin &&
    JSON.stringify(layout.edgePorts) === JSON.stringify(standard.edgePorts);
  if (isStandard) return null;
  const ports = Object.entries(layout.edgePorts).map(([name, port]) => `  ${name}: ${port}`);
  return `# What this farm shall be; conf/farm.yaml says what each field means.
edges:
  perHost: ${2 * DEFAULT_EDGES}
engine: builtin
origins:
  - ${layout.address}:${layout.ports.origin}
ports:
${ports.join('\n')}
`;
}
