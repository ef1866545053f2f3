-- What is known of a flight when it leaves the gate, and how late it arrived in the end.
-- Left out because they are known only later: arr_time and air_time. Flights that were cancelled
-- or diverted have no arrival delay and drop out.
with timetable as (
    select
        *,
        hour * 60 + minute as sched_dep,
        sched_arr_time // 100 * 60 + sched_arr_time % 100 as sched_arr,
        count(*) over (partition by origin, time_hour) as departures_that_hour
    from flights
)

select
    make_date(f.year, f.month, f.day) as day,
    f.month,
    dayofweek(make_date(f.year, f.month, f.day)) as weekday,
    f.sched_dep,
    f.sched_arr,
    (f.sched_arr - f.sched_dep + 1440) % 1440 as sched_span,  -- local clocks: zones included
    f.dep_delay,
    f.departures_that_hour,
    f.carrier,
    f.origin,
    f.dest,
    f.distance,
    f.year - p.year as plane_age,
    p.seats,
    p.manufacturer,
    w.temp,
    w.dewp,
    w.humid,
    w.wind_dir,
    w.wind_speed,
    w.precip,
    w.pressure,
    w.visib,
    f.arr_delay
from timetable as f
left join weather as w using (origin, time_hour)
left join planes as p using (tailnum)
where f.arr_delay is not null
order by f.time_hour, f.carrier, f.flight, f.origin
