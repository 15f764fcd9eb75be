/** Ids of objects below are PostgreSQL's own, given by initdb or fixed: no user's object has one (transam.h). */
export const FIRST_USER_ID = 16_384
