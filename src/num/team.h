/* team.h - several processes that train one model: ranks under MPI.
 *
 *   in    the environment that mpirun makes
 *   out   who we are; lanes' gradients and numbers shared
 *
 * Lane l of a run belongs to rank l mod ranks. After a step every rank has every lane's gradient and
 * sums them in lane order, as one process does: the same loss to the last bit for 1, 2 or 4 ranks.
 *
 * MPI is no dependency: its library (OpenMPI's libmpi.so.40) is opened when the environment says that
 * mpirun started us, and only then. Without mpirun there is one rank, and nothing here does anything.
 *
 * Threads: from one thread, the one that joined; others may run beside it. A rank that dies takes the others with it (MPI's own rule).
 */
#ifndef LTM_NUM_TEAM_H
#define LTM_NUM_TEAM_H

#include "base/base.h"

struct params;

/* Joins the team, once. ERR_USAGE when mpirun started us and no usable MPI is found. */
enum status team_join(struct err *e);
bool team_started(void);		/* mpirun started several of us, joined or not */
void team_leave(void);			/* at the end, all ranks together; nothing without a team */
int team_rank(void);			/* 0 .. team_size() - 1 */
int team_size(void);
static inline bool team_mine(int lane, int rank, int size) { return lane % size == rank; }

/* Everyone gets the owner's bytes. */
void team_share(void *bytes, size_t n, int owner);
/* Everyone's buf becomes the owner's. */
void team_share_buf(struct buf *b, int owner);
/* Everyone's error becomes rank 0's, if it has one; returns the code. */
enum status team_share_err(struct err *e);
/* Every lane's gradient block, loss and count from the rank that computed it. */
void team_share_lanes(struct params *p, double *loss, double *count);
/* One rank's bytes to another, in order of sending; both block. recv replaces what the buf holds. */
void team_send(const struct buf *b, int to);
void team_recv(struct buf *b, int from);
/* Waits for all. Returns the OR of everyone's flag: whether any rank has been told to stop. */
bool team_any(bool mine);

#endif
