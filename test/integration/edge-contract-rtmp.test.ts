import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { rtmpEncoders } from '../contracts/edge/rtmp-encoders.js';

edgeContract('RTMP encoders', rtmpEncoders);
