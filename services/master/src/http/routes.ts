import type { FastifyInstance } from 'fastify';
import type { App } from './app.js';
import { addEdgeRoutes, type EdgeParts } from './edge-routes.js';
import { addEventRoutes, type EventParts } from './event-routes.js';
import { addExportRoutes, type ExportParts } from './export-routes.js';
import { addFarmRoutes, type FarmParts } from './farm-routes.js';
import { addHealthRoutes, type HealthParts } from './health-routes.js';
import { addHostRoutes, type HostParts } from './host-routes.js';
import { addMetricsRoutes, type MetricsParts } from './metrics-routes.js';
import { addSessionRoutes, type SessionParts } from './session-routes.js';

/** What the API stands on; the loops behind it are others'. */
export interface ApiParts
  extends FarmParts,
    HostParts,
    EdgeParts,
    EventParts,
    SessionParts,
    HealthParts,
    MetricsParts,
    ExportParts {}

export function addRoutes(untyped: FastifyInstance, parts: ApiParts): void {
  const app = untyped as unknown as App;
  addFarmRoutes(app, parts);
  addHostRoutes(app, parts);
  addEdgeRoutes(app, parts);
  addEventRoutes(app, parts);
  addSessionRoutes(app, parts);
  addHealthRoutes(app, parts);
  addMetricsRoutes(app, parts);
  addExportRoutes(app, parts);
}
