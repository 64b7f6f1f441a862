import { DEFAULT_EDGES, type Layout, layoutOf } from './layout.js';

/** conf/farm.yaml suits a farm on the default ports; null for that one, and for others the same wish on their ports. */
export function exampleSpec(layout: Layout): string | null {
  const standard = layoutOf({ portBase: undefined, ports: {} });
  const isStandard =
    layout.ports.origin === standard.ports.origin &&
    JSON.stringify(layout.edgePorts) === JSON.stringify(standard.edgePorts);
  if (isStandard) return null;
  const ports = Object.entries(layout.edgePorts).map(([name, port]) => `  ${name}: ${port}`);
  return `# What this farm shall be; conf/farm.yaml says what each field means.
edges:
  perHost: ${2 * DEFAULT_EDGES}
engine: builtin
origins:
  - 127.0.0.1:${layout.ports.origin}
ports:
${ports.join('\n')}
`;
}
