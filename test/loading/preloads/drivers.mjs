// A preload that brings both drivers before the agent is there.
import 'mysql2';
import pg from 'pg';

globalThis.earlyPool = pg.Pool;
