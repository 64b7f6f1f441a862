import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './app.js';
import { type MasterFigures, METRICS_TYPE, masterMetrics } from './metrics.js';

export interface MetricsParts {
  figures(): MasterFigures;
}

export function addMetricsRoutes(app: App, parts: MetricsParts): void {
  const schema = { description: 'What Prometheus reads: docs/reference/metrics.md.' };
  app.get('/metrics', { schema }, async (_: FastifyRequest, reply: FastifyReply) => {
    void reply.type(METRICS_TYPE);
    return masterMetrics(parts.figures());
  });
}
