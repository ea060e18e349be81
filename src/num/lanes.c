/* lanes.c - a fixed number of lanes computed by any number of threads.
 *
 *   in    a function and how many lanes it has
 *   out   the function called once for every lane
 *
 * A small persistent pool of POSIX threads, made at the first call that wants one. Lanes are
 * handed out by a counter. OpenMP would do, but its run-time is opaque to the thread
 * sanitizer and its barriers spin: on two busy cores they collapse.
 *
 * Invariants: every lane runs exactly once; when num_lanes returns no worker touches its
 * ctx; after fork the child, which has no workers, computes serially.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "num/num.h"

static struct {
	pthread_mutex_t use;	/* held by the thread whose lanes the pool computes */
	pthread_mutex_t mu;	/* guards what follows */
	pthread_cond_t go, done;
	int workers;
	uint64_t round;
	int seats, busy;	/* workers this round still admits; workers in it now */
	void (*fn)(void *ctx, int lane);
	void *ctx;
	int n_lanes;
	atomic_int next;
	pid_t pid;		/* who made the workers */
} pool = {
	.use = PTHREAD_MUTEX_INITIALIZER,
	.mu = PTHREAD_MUTEX_INITIALIZER,
	.go = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER,
};

static _Thread_local bool inside;	/* this thread is computing a lane */
static atomic_int threads_wanted;	/* 0: the default */

static int threads_default(void)
{
	const char *s = getenv("LTM_THREADS");
	uint64_t n = 0;
	cpu_set_t set;

	if (s && str_u64(str_of(s), &n) && n > 0)
		return n > NUM_THREADS_MAX ? NUM_THREADS_MAX : (int)n;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = (uint64_t)CPU_COUNT(&set);
	return n < 1 ? 1 : n > NUM_THREADS_MAX ? NUM_THREADS_MAX : (int)n;
}

void num_threads_set(int n)
{
	atomic_store(&threads_wanted, n < 0 ? 0 : n > NUM_THREADS_MAX ? NUM_THREADS_MAX : n);
}

int num_threads_get(void)
{
	int n = atomic_load(&threads_wanted);

	return n ? n : threads_default();
}

static void run_lanes(void)
{
	int lane;

	inside = true;
	while ((lane = atomic_fetch_add(&pool.next, 1)) < pool.n_lanes)
		pool.fn(pool.ctx, lane);
	inside = false;
}

static void *worker(void *arg)
{
	uint64_t seen = (uint64_t)(uintptr_t)arg;

	pthread_mutex_lock(&pool.mu);
	for (;;) {
		while (pool.round == seen || pool.seats == 0) {
			seen = pool.round;	/* a full round is over for this worker */
			pthread_cond_wait(&pool.go, &pool.mu);
		}
		seen = pool.round;
		pool.seats--;
		pool.busy++;
		pthread_mutex_unlock(&pool.mu);
		run_lanes();
		pthread_mutex_lock(&pool.mu);
		if (--pool.busy == 0)
			pthread_cond_signal(&pool.done);
	}
	return NULL;
}

/* With pool.mu held: makes workers up to n; fewer when the system refuses. */
static void hire(int n)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (pool.workers < n) {
		if (pthread_create(&t, &attr, worker, (void *)(uintptr_t)pool.round))
			break;
		pool.workers++;
	}
	pool.pid = getpid();
	pthread_attr_destroy(&attr);
}

static void run_serial(int n_lanes, void (*fn)(void *ctx, int lane), void *ctx)
{
	for (int lane = 0; lane < n_lanes; lane++)
		fn(ctx, lane);
}

static void run_pool(int n_lanes, int threads, void (*fn)(void *ctx, int lane), void *ctx)
{
	pthread_mutex_lock(&pool.mu);
	hire(threads - 1);
	pool.fn = fn;
	pool.ctx = ctx;
	pool.n_lanes = n_lanes;
	atomic_store(&pool.next, 0);
	pool.seats = threads - 1 < pool.workers ? threads - 1 : pool.workers;
	pool.round++;
	pthread_cond_broadcast(&pool.go);
	pthread_mutex_unlock(&pool.mu);

	run_lanes();

	pthread_mutex_lock(&pool.mu);
	pool.seats = 0;		/* whoever has not woken by now is not waited for */
	while (pool.busy > 0)
		pthread_cond_wait(&pool.done, &pool.mu);
	pthread_mutex_unlock(&pool.mu);
}

void num_lanes(int n_lanes, int threads, void (*fn)(void *ctx, int lane), void *ctx)
{
	if (threads <= 0)
		threads = num_threads_get();
	if (threads > n_lanes)
		threads = n_lanes;
	if (threads > NUM_THREADS_MAX)
		threads = NUM_THREADS_MAX;
	if (threads <= 1 || inside || pthread_mutex_trylock(&pool.use)) {
		run_serial(n_lanes, fn, ctx);
		return;
	}
	if (pool.workers > 0 && pool.pid != getpid())	/* a forked child */
		run_serial(n_lanes, fn, ctx);
	else
		run_pool(n_lanes, threads, fn, ctx);
	pthread_mutex_unlock(&pool.use);
}
