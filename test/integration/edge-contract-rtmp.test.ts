import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { rtmpEncoders } from '../contracts/edge/rtmp-encoders.js';
import { rtmpPlayers } from '../contracts/edge/rtmp-players.js';

edgeContract('RTMP encoders', rtmpEncoders);
edgeContract('RTMP players', rtmpPlayers);
