/** Callbacks: what may happen at the steps of training, evaluation and prediction. */
export {
  BackupAndRestore,
  type BackupAndRestoreOptions,
  backupAndRestore,
} from './backup-and-restore.ts';
export {
  Callback,
  CallbackList,
  type FitParams,
  figuresOf,
  type Keeper,
  type Logs,
  makeLogs,
} from './callback.ts';
export { CSVLogger, type CSVLoggerOptions, csvLogger } from './csv-logger.ts';
export { EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './early-stopping.ts';
export { History } from './history.ts';
export { KeepOnHost, type KeepOnHostOptions, keepOnHost } from './keep-on-host.ts';
export { type Hooks, LambdaCallback, lambdaCallback } from './lambda-callback.ts';
export {
  LearningRateScheduler,
  learningRateScheduler,
  type Schedule,
} from './learning-rate-scheduler.ts';
export {
  ModelCheckpoint,
  type ModelCheckpointOptions,
  modelCheckpoint,
} from './model-checkpoint.ts';
export { MonitorCallback, type MonitorMode, type MonitorOptions } from './monitor.ts';
export { ProgbarLogger } from './progbar-logger.ts';
export {
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  reduceLROnPlateau,
} from './reduce-lr-on-plateau.ts';
export { RemoteMonitor, type RemoteMonitorOptions, remoteMonitor } from './remote-monitor.ts';
export {
  SwapEMAWeights,
  type SwapEMAWeightsOptions,
  swapEMAWeights,
} from './swap-ema-weights.ts';
export type { TensorBoardOptions } from './tensorboard/options.ts';
export { TensorBoard, tensorBoard } from './tensorboard/tensorboard.ts';
export { TerminateOnNaN, type TerminateOnNaNOptions, terminateOnNaN } from './terminate-on-nan.ts';
