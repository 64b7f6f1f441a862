/** SRS takes settings from SRS_* variables, above its conf: an edge's come from its rendered conf alone. */
export function edgeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SRS_')));
}
