// A pool of threads for loops of microseconds.
//
// One loop runs at a time. Its iterations are claimed by counting `unclaimed` down with compare-and-swap; whoever
// claims one runs it and counts `unfinished` down. The caller claims too, so a loop always makes progress even if no
// other thread is awake, and a thread that comes late simply finds nothing to claim: nobody waits for it.
//
// Why the job's fields need no lock: they are written before `unclaimed` is raised (release) and read only after a
// successful claim (acquire). The caller returns, and so may write them again, only once every claimed iteration has
// been counted in `unfinished`; a thread that holds a claim is therefore always looking at the job it claimed from,
// even if the counter passed through the same value before.
//
// Threads without work look for some for `spin_nanoseconds` (the layers of one forward pass follow one another within
// that time) and then sleep on a condition variable: an idle pool uses no processor time.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "CTurnoutKernels.h"

static const uint64_t spin_nanoseconds = 200 * 1000;

typedef struct worker_start {
    turnout_pool *pool;
    ptrdiff_t worker;
} worker_start;

struct turnout_pool {
    ptrdiff_t threads;
    pthread_t *handles;             // threads - 1
    worker_start *starts;
    ptrdiff_t started;

    // The loop in progress.
    atomic_flag busy;
    turnout_task body;
    void *context;
    ptrdiff_t tasks;
    _Alignas(64) atomic_ptrdiff_t unclaimed;
    _Alignas(64) atomic_ptrdiff_t unfinished;

    // Sleep.
    _Alignas(64) atomic_ptrdiff_t sleepers;
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Claims one iteration; -1 if none is left.
static ptrdiff_t claim(turnout_pool *pool) {
    ptrdiff_t left = atomic_load_explicit(&pool->unclaimed, memory_order_relaxed);
    while (left > 0) {
        if (atomic_compare_exchange_weak_explicit(
                &pool->unclaimed, &left, left - 1, memory_order_acq_rel, memory_order_relaxed)) {
            return pool->tasks - left;
        }
    }
    return -1;
}

static void work(turnout_pool *pool, ptrdiff_t worker) {
    for (ptrdiff_t task = claim(pool); task >= 0; task = claim(pool)) {
        pool->body(pool->context, task, worker);
        atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_acq_rel);
    }
}

static bool has_news(turnout_pool *pool) {
    return atomic_load(&pool->unclaimed) > 0 || atomic_load(&pool->stopping);
}

// Returns when there is work to claim or the pool stops.
static void await_news(turnout_pool *pool) {
    const uint64_t deadline = now() + spin_nanoseconds;
    do {
        for (int i = 0; i < 32; i++) {
            if (has_news(pool)) return;
            relax();
        }
    } while (now() < deadline);

    // `sleepers` is raised before `unclaimed` is read, and the caller raises `unclaimed` before it reads `sleepers`
    // (all sequentially consistent): one of the two sees the other.
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_news(pool)) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *run_worker(void *argument) {
    const worker_start *start = argument;
    while (!atomic_load(&start->pool->stopping)) {
        work(start->pool, start->worker);
        await_news(start->pool);
    }
    return NULL;
}

static void wake_sleepers(turnout_pool *pool) {
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

turnout_pool *turnout_pool_create(ptrdiff_t threads) {
    if (threads < 1) threads = 1;
    void *memory = NULL;
    if (posix_memalign(&memory, 64, sizeof(turnout_pool)) != 0) return NULL;
    turnout_pool *pool = memory;
    *pool = (turnout_pool){.threads = threads, .busy = ATOMIC_FLAG_INIT};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->handles = calloc((size_t)threads, sizeof(pthread_t));
    pool->starts = calloc((size_t)threads, sizeof(worker_start));
    bool complete = pool->handles && pool->starts;
    for (ptrdiff_t i = 0; complete && i < threads - 1; i++) {
        pool->starts[i] = (worker_start){pool, i + 1};
        complete = pthread_create(&pool->handles[i], NULL, run_worker, &pool->starts[i]) == 0;
        if (complete) pool->started++;
    }
    if (complete) return pool;
    turnout_pool_destroy(pool);
    return NULL;
}

void turnout_pool_destroy(turnout_pool *pool) {
    if (!pool) return;
    atomic_store(&pool->stopping, true);
    wake_sleepers(pool);
    for (ptrdiff_t i = 0; i < pool->started; i++) pthread_join(pool->handles[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->handles);
    free(pool->starts);
    free(pool);
}

ptrdiff_t turnout_pool_threads(const turnout_pool *pool) { return pool ? pool->threads : 1; }

ptrdiff_t turnout_pool_sleepers(turnout_pool *pool) { return atomic_load(&pool->sleepers); }

void turnout_pool_run(turnout_pool *pool, ptrdiff_t tasks, turnout_task body, void *context) {
    const bool alone = tasks < 2 || turnout_pool_threads(pool) < 2;
    if (alone || atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
        for (ptrdiff_t task = 0; task < tasks; task++) body(context, task, 0);
        return;
    }
    pool->body = body;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->unfinished, tasks, memory_order_relaxed);
    atomic_store(&pool->unclaimed, tasks);
    wake_sleepers(pool);
    work(pool, 0);
    // Others finish what they have claimed. One of them may have lost its processor: after a while, give ours away.
    for (int spins = 0; atomic_load_explicit(&pool->unfinished, memory_order_acquire) > 0; spins++) {
        if (spins < 4096) relax(); else sched_yield();
    }
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}
