with starts as (

    select start_station_id, cast(started_at as date) as day, minutes
    from {{ ref('stg_rides') }}

)

select
    stations.station_name,
    starts.day,
    count(*) as rides,
    sum(starts.minutes) as minutes
from starts
join {{ ref('stg_stations') }} as stations on stations.station_id = starts.start_station_id
group by stations.station_name, starts.day
