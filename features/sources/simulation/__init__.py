"""A simulated world: invented armed groups on the real map, whose true risk is known.

It gives a first run without any data, and a check that real data can never give: the true
probability of every target is known, and a forecast can be held against it.

Each group g stands in some regions r and is in one mood: dormant, active, on the offensive, in a
lull or under a truce. A month t goes in four steps (`process.step`, the only statement of the law):

1. Moods follow a Markov chain; a group that turns dormant withdraws to its home region.
2. A group leaves a region, never its home, with probability 1 - exp(-leaving / (1 + X_gr)); it
   enters a region with probability 1 - exp(-mobility m_g w_r F), F the sum of X_gn / (1 + X_gn)
   over the neighbours n of r where it stands. So it spreads from where it fights, at a bounded
   pace, and quits where it is idle.
3. Where it stands the number of events is Poisson with the rate [events/month]

       rate_gr = a_g background w_r s_t + e_g (self X_gr + neighbour sum over n of X_gn / d_n)

   with a_g, e_g and m_g the factors of its mood (e_g never above 1), w_r the lasting
   susceptibility of the region, s_t the season and d_n the number of neighbours of n. X is the
   memory of events N: X_gr(t+1) = q X_gr(t) + (1 - q) N_gr(t) with q = exp(-1 / memory_months).
   An event thus has at most self + neighbour offspring of its own: the branching ratio, below 1.
4. Every event is state-based, non-state (only where another group stands that is not dormant) or
   one-sided, and takes lives: none with a fixed probability, else 1 + the whole part of a Lomax
   draw, scale (U^(-1/shape) - 1), and never more than `most_deaths`.

This is a discrete-time form of the self-exciting point process of Hawkes (1971, Biometrika 58(1)),
taken to crime by Mohler et al. (2011, JASA 106(493)) and to armed conflict by Lewis et al. (2012,
Security Journal 25) and, with a latent field, Zammit-Mangion et al. (2012, PNAS 109(31)). Groups
that move, rest and attack make the intensity depend on a state that no event history shows in full:
even a perfect forecaster cannot reach the truth.

Where do I go to ...?

* change how the world behaves: `parameters.py`; the law itself: `process.py`
* simulate, or deliver to the archive: `world.py`
* change how its states fare, in coups and votes: `politics.py`
* see how an event gets its day, place and actors: `events.py`
"""
