/* team.c - ranks under MPI: the one door of MPI, opened by name.
 *
 *   in    see team.h
 *   out   see team.h
 *
 * Only MPI_Init_thread, _Comm_rank, _Comm_size, _Bcast, _Allreduce, _Send, _Recv, _Finalize and four handles are asked for.
 * Their C types differ between implementations; these are OpenMPI's, where a handle is a pointer to a
 * named object of the library [OpenMPI 4.1, mpi.h].
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "num/num.h"
#include "num/team.h"

static struct {
	int rank, size;
	void *lib;
	int (*bcast)(void *, int, void *, int, void *);
	int (*allreduce)(const void *, void *, int, void *, void *, void *);
	int (*send)(const void *, int, void *, int, int, void *);
	int (*recv)(void *, int, void *, int, int, void *, void *);
	int (*finalize)(void);
	void *world, *byte, *integer, *most;
	bool over;		/* left: MPI cannot be begun twice */
} team = { .size = 1 };

int team_rank(void)
{
	return team.rank;
}

int team_size(void)
{
	return team.size;
}

bool team_started(void)
{
	const char *n = getenv("OMPI_COMM_WORLD_SIZE");

	return n && atoi(n) > 1;
}

static bool find(void *to, const char *name)
{
	void *at = dlsym(team.lib, name);

	memcpy(to, &at, sizeof at);
	return at != NULL;
}

enum status team_join(struct err *e)
{
	enum { FUNNELED = 1 };			/* MPI_THREAD_FUNNELED: readers' threads run beside ours */
	int (*init)(int *, char ***, int, int *), given, (*rank)(void *, int *), (*size)(void *, int *);

	if (team.lib || team.over || !team_started())
		return OK;
	team.lib = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
	if (!team.lib)
		return err_set(e, ERR_USAGE, "started by mpirun, but OpenMPI's library (libmpi.so.40) is not found: "
		               "install libopenmpi3, or start without mpirun");
	if (!find(&init, "MPI_Init_thread") || !find(&rank, "MPI_Comm_rank") || !find(&size, "MPI_Comm_size") ||
	    !find(&team.bcast, "MPI_Bcast") || !find(&team.allreduce, "MPI_Allreduce") ||
	    !find(&team.send, "MPI_Send") || !find(&team.recv, "MPI_Recv") || !find(&team.finalize, "MPI_Finalize") || !find(&team.world, "ompi_mpi_comm_world") ||
	    !find(&team.byte, "ompi_mpi_byte") || !find(&team.integer, "ompi_mpi_int") ||
	    !find(&team.most, "ompi_mpi_op_max"))
		return err_set(e, ERR_USAGE, "the MPI that is installed is not OpenMPI 4: ranks need libopenmpi3");
	init(NULL, NULL, FUNNELED, &given);
	rank(team.world, &team.rank);
	size(team.world, &team.size);
	return OK;
}

void team_leave(void)
{
	if (!team.lib)
		return;
	team.finalize();
	team.over = true;
	team.lib = NULL;
	team.rank = 0;
	team.size = 1;
}

enum { PIECE = 1 << 28 /* MPI counts in int */, TAG = 1 };

void team_share(void *bytes, size_t n, int owner)
{
	for (char *p = bytes; team.size > 1 && n > 0;) {
		int part = n < PIECE ? (int)n : PIECE;

		team.bcast(p, part, team.byte, owner, team.world);
		p += part;
		n -= (size_t)part;
	}
}

void team_share_buf(struct buf *b, int owner)
{
	uint64_t n = b->n;

	if (team.size == 1)
		return;
	team_share(&n, sizeof n, owner);
	if (team.rank != owner) {
		buf_free(b);
		b->p = mem_alloc(n + 1, 1);
		b->cap = n + 1;
		b->n = n;
	}
	team_share(b->p, n, owner);
}

enum status team_share_err(struct err *e)
{
	struct err first = *e;

	if (team.size == 1)
		return e->code;
	team_share(&first, sizeof first, 0);
	if (first.code)
		*e = first;
	return e->code;
}

void team_share_lanes(struct params *p, double *loss, double *count)
{
	for (int l = 0; team.size > 1 && l < p->lanes; l++) {
		int owner = l % team.size;

		team_share(p->g + (size_t)l * p->n, p->n * sizeof(float), owner);
		if (p->n_touch)
			team_share(p->touch + (size_t)l * p->n_touch, p->n_touch, owner);
		team_share(&loss[l], sizeof loss[l], owner);
		team_share(&count[l], sizeof count[l], owner);
	}
}

void team_send(const struct buf *b, int to)
{
	uint64_t n = b->n;

	team.send(&n, sizeof n, team.byte, to, TAG, team.world);
	for (size_t at = 0; at < b->n; at += PIECE)
		team.send(b->p + at, (int)(b->n - at < PIECE ? b->n - at : PIECE), team.byte, to, TAG, team.world);
}

void team_recv(struct buf *b, int from)
{
	uint64_t n = 0;

	team.recv(&n, sizeof n, team.byte, from, TAG, team.world, NULL);	/* MPI_STATUS_IGNORE */
	buf_free(b);
	b->p = mem_alloc(n + 1, 1);
	b->cap = n + 1;
	b->n = n;
	for (size_t at = 0; at < n; at += PIECE)
		team.recv(b->p + at, (int)(n - at < PIECE ? n - at : PIECE), team.byte, from, TAG, team.world, NULL);
}

bool team_any(bool mine)
{
	int in = mine, out = mine;

	if (team.size > 1)
		team.allreduce(&in, &out, 1, team.integer, team.most, team.world);
	return out != 0;
}
