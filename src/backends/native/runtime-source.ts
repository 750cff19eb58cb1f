/**
 * The native runtime: memory, loading of compiled programs, and the team of threads. It is C kept
 * in a string so that bundlers carry it along; it is compiled once per machine and cached.
 */

/** Raised with every change of the interface between this file, the C below and generated code. */
export const runtimeAbi = 2;

/**
 * What `gl_run` is given, as 64-bit words in native memory that JavaScript writes: these header
 * words, then the addresses of the program's buffers.
 */
export const execWords = {
  /** Address of the program's `gradloom_run`. */
  run: 0,
  /** Address of the team, or 0 to run on the calling thread alone. */
  team: 1,
  /** Scratch memory: base address, and bytes for each thread. */
  scratch: 2,
  scratchStride: 3,
  /** Rough number of scalar operations. */
  cost: 4,
  /** Six words in which the runtime keeps count; they start as 0. */
  counts: 5,
  table: 11,
} as const;

export const runtimeSource: string = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

typedef long long i64;
typedef void sync_fn(void *team, int thread);
typedef void run_fn(void *const *t, char *scratch, int thread, int threads, sync_fn *sync, void *team);

#define EXPORT __attribute__((visibility("default")))

EXPORT int gl_abi(void) { return ${runtimeAbi}; }
EXPORT const char *gl_version(void) { return __VERSION__; }

/* What -march=native turned out to be: generated code may use it. */
EXPORT const char *gl_isa(void) {
#if defined(__AVX512F__)
  return "avx512";
#elif defined(__AVX2__) && defined(__FMA__)
  return "avx2";
#elif defined(__ARM_NEON)
  return "neon";
#else
  return "generic";
#endif
}

/* Memory */

EXPORT i64 gl_alloc(i64 bytes) {
  void *p = 0;
  const i64 huge = 2 << 20;
  if (posix_memalign(&p, bytes >= 2 * huge ? huge : 64, bytes)) return 0;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= 2 * huge) madvise(p, bytes / huge * huge, MADV_HUGEPAGE);
#endif
  return (i64)p;
}

EXPORT void gl_free(i64 p) { free((void *)p); }

/* Programs */

EXPORT i64 gl_open(const char *path) { return (i64)dlopen(path, RTLD_NOW | RTLD_LOCAL); }
EXPORT i64 gl_symbol(i64 library, const char *name) { return (i64)dlsym((void *)library, name); }
EXPORT void gl_close(i64 library) { dlclose((void *)library); }
EXPORT const char *gl_error(void) {
  const char *e = dlerror();
  return e ? e : "unknown error";
}

/* Threads */

struct exec {
  run_fn *run;
  struct team *team;
  char *scratch;
  i64 scratch_stride;
  i64 cost;
  /* How long runs take, and whether the others are worth calling: see gl_run. */
  i64 runs, alone_ns, team_ns, stay_alone, last_pause, paused_at;
  void *table[];
};

struct member {
  struct team *team;
  int thread;
  pthread_t id;
};

/* Each group of fields has a cache line of its own: they are polled by different threads. */
struct team {
  int threads;
  struct exec *job;
  i64 last_run;
  struct member *members;
  _Alignas(128) unsigned round;   /* grows with every job */
  _Alignas(128) int arrived;      /* at the barrier */
  _Alignas(128) unsigned phase;   /* grows with every barrier */
  _Alignas(128) int sleepers;
  int stop;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
};

static i64 now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void pause_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/* The last to arrive opens the barrier. The others spin, and step aside when the machine is busy. */
static void team_sync(void *v, int thread) {
  struct team *team = v;
  const unsigned phase = __atomic_load_n(&team->phase, __ATOMIC_RELAXED);
  if (__atomic_add_fetch(&team->arrived, 1, __ATOMIC_ACQ_REL) == team->threads) {
    __atomic_store_n(&team->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->phase, phase + 1, __ATOMIC_RELEASE);
    return;
  }
  for (unsigned n = 1; __atomic_load_n(&team->phase, __ATOMIC_ACQUIRE) == phase; n++) {
    pause_cpu();
    if (n > 4096 && n % 64 == 0) sched_yield();
  }
}

static void take_part(struct team *team, struct exec *job, int thread) {
  job->run(job->table, job->scratch + thread * job->scratch_stride, thread, team->threads, team_sync,
           team);
  team_sync(team, thread);
}

enum { spin_ns = 100000 };

/* Waits for another job than round \`seen\`: spinning at first, for the next is often near. */
static unsigned await_job(struct team *team, unsigned seen) {
  const i64 start = now_ns();
  for (unsigned n = 1;; n++) {
    const unsigned round = __atomic_load_n(&team->round, __ATOMIC_ACQUIRE);
    if (round != seen) return round;
    pause_cpu();
    if (n % 64 == 0 && now_ns() - start > spin_ns) break;
  }
  pthread_mutex_lock(&team->mutex);
  __atomic_add_fetch(&team->sleepers, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&team->round, __ATOMIC_SEQ_CST) == seen)
    pthread_cond_wait(&team->wake, &team->mutex);
  __atomic_sub_fetch(&team->sleepers, 1, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&team->mutex);
  return __atomic_load_n(&team->round, __ATOMIC_ACQUIRE);
}

static void announce(struct team *team) {
  __atomic_add_fetch(&team->round, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&team->sleepers, __ATOMIC_SEQ_CST) > 0) {
    pthread_mutex_lock(&team->mutex);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->mutex);
  }
}

static void *work(void *v) {
  const struct member *me = v;
  struct team *team = me->team;
  unsigned seen = 0;
  for (;;) {
    seen = await_job(team, seen);
    if (team->stop) return 0;
    take_part(team, team->job, me->thread);
  }
}

EXPORT void gl_team_free(i64 address) {
  struct team *team = (struct team *)address;
  team->stop = 1;
  announce(team);
  for (int i = 1; i < team->threads; i++) pthread_join(team->members[i].id, 0);
  pthread_mutex_destroy(&team->mutex);
  pthread_cond_destroy(&team->wake);
  free(team->members);
  free(team);
}

/* A team of the caller and threads - 1 others. 0 when not even one other could be started. */
EXPORT i64 gl_team(int threads) {
  /* Sleeping threads outlive whoever loaded this library, so it must never be unloaded. */
  static int pinned;
  Dl_info self;
  if (!__atomic_exchange_n(&pinned, 1, __ATOMIC_RELAXED) && dladdr((void *)gl_team, &self))
    dlopen(self.dli_fname, RTLD_NOW);

  void *memory = 0;
  if (posix_memalign(&memory, 128, sizeof(struct team))) return 0;
  struct team *team = memory;
  *team = (struct team){.threads = 1};
  team->members = calloc(threads, sizeof(struct member));
  pthread_mutex_init(&team->mutex, 0);
  pthread_cond_init(&team->wake, 0);

  /* Signals belong to the threads of Node. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 4 << 20);
  int started = 1;
  for (; team->members && started < threads; started++) {
    struct member *m = &team->members[started];
    m->team = team;
    m->thread = started;
    if (pthread_create(&m->id, &attr, work, m)) break;
  }
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &before, 0);
  team->threads = started;
  if (started == 1) {
    gl_team_free((i64)team);
    return 0;
  }
  return (i64)team;
}

EXPORT int gl_team_threads(i64 team) { return ((struct team *)team)->threads; }

/*
 * Waking sleeping threads takes longer than a small program: the first such program runs on the
 * caller alone, and only when another follows at once are the others called in.
 */
static int worth_waking(struct team *team, const struct exec *job) {
  return job->cost > 4000000 || __atomic_load_n(&team->sleepers, __ATOMIC_RELAXED) == 0 ||
         now_ns() - team->last_run < 2 * spin_ns;
}

static void average(i64 *mean, i64 value, i64 most) {
  if (*mean == 0) *mean = value;
  if (most && value > most) value = most;
  *mean += (value - *mean) / 16;
}

/*
 * On a busy machine one thread of the team is often waiting for a core while the others wait for
 * it, and the team is slower than the caller alone. Results do not depend on the number of threads,
 * so this is simply measured: a few runs alone from time to time, and a pause for the team whenever
 * it turns out to be the slower way, longer each time it does so again at once.
 */
enum { measure_every = 4096, shortest_pause = 32, longest_pause = 1024 };

static int goes_alone(struct team *team, struct exec *job) {
  const i64 at = job->runs++ % measure_every;
  if (job->stay_alone > 0) {
    if (--job->stay_alone == 0) {
      job->team_ns = job->alone_ns * 3 / 4;
      job->paused_at = job->runs;
    }
    return 1;
  }
  return (at >= 8 && at < 12) || !worth_waking(team, job);
}

static void judge(struct exec *job, int alone, i64 ns) {
  if (alone) {
    average(&job->alone_ns, ns, 0);
    return;
  }
  average(&job->team_ns, ns, job->alone_ns * 4);
  if (job->alone_ns == 0 || job->team_ns <= job->alone_ns) return;
  const int again = job->paused_at && job->runs - job->paused_at < 256;
  i64 pause = again ? job->last_pause * 2 : shortest_pause;
  if (pause > longest_pause) pause = longest_pause;
  job->stay_alone = job->last_pause = pause;
}

static void run_once(struct exec *job) {
  struct team *team = job->team;
  if (!team) {
    job->run(job->table, job->scratch, 0, 1, 0, 0);
    return;
  }
  const i64 start = now_ns();
  const int alone = goes_alone(team, job);
  if (alone) {
    job->run(job->table, job->scratch, 0, 1, 0, 0);
  } else {
    team->job = job;
    announce(team);
    take_part(team, job, 0);
  }
  team->last_run = now_ns();
  judge(job, alone, team->last_run - start);
}

EXPORT void gl_run(i64 address, i64 times) {
  for (i64 i = 0; i < times; i++) run_once((struct exec *)address);
}
`;
