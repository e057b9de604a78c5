package upgrade

import "context"

// Clients returns the other clients that are connected to the database. What may not be seen without more privileges is empty.
func (u *Upgrader) Clients(ctx context.Context) ([]Session, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	others, err := r.others(ctx)
	return others, r.explain(ctx, err, nil)
}
